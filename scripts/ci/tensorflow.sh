#!/usr/bin/env bash
# The TensorFlow engine and SavedModels in the TensorFlow of PyPI: the parity suite and the layer zoo, the engine's own
# tests, a life cycle on the command line, and exported files in Python. Where PyPI cannot be reached, one line says so.
#
#   scripts/ci/tensorflow.sh [VENV]      (with the dependencies installed and dist/ built)
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export AIMAAS_HOME="$scratch/home"
venv="${1:-$scratch/venv}"

if [ ! -x "$venv/bin/python" ]; then
  if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu; then
    echo "Skipped: the TensorFlow engine and SavedModels in TensorFlow, because tensorflow-cpu could not be installed."
    exit 0
  fi
fi

aimaas() { node bin/aimaas.js "$@"; }

# Without a yes and without a terminal nothing is installed.
if aimaas engines install tensorflow --python "$venv" </dev/null 2>/dev/null; then
  echo "engines install went on without a yes" && exit 1
fi
test ! -e "$AIMAAS_HOME/engines" || { echo "engines install left something behind" && exit 1; }
aimaas engines install tensorflow --python "$venv" --yes
aimaas engines

AIMAAS_TEST_ENGINE=tensorflow npx vitest run test/parity test/tensorflow

node scripts/ci/tensorflow-cycle.mjs
"$venv/bin/python" test/python/check_saved_model.py

aimaas engines uninstall tensorflow --yes
test -z "$(ls -A "$AIMAAS_HOME/engines"/tensorflow-*)" || { echo "engines uninstall left something behind" && exit 1; }
