#!/usr/bin/env bash
# Deployments as their users run them, from the packed package in an empty folder; then the manifests against the schemas
# of Kubernetes, where PyPI can be reached.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/project"
node test/deploy/deployments.mjs "$scratch/project"

if python3 -m venv "$scratch/venv" &&
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate pyyaml; then
  "$scratch/venv/bin/python" test/python/check_manifests.py "$scratch/project/deploy/kubernetes"
else
  echo "Skipped: manifests against the schemas of Kubernetes, because kubernetes-validate could not be installed."
fi
