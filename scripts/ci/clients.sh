#!/usr/bin/env bash
# Other people's clients against the built `aimaas serve`: tritonclient, KServe's client, grpcio with health and
# reflection, TensorFlow Serving's own stubs where TensorFlow is there, and schemathesis against our OpenAPI document.
# The argument is a folder for the virtual environment. Where PyPI cannot be reached, one line says what was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv="$1/clients"
pip=("$venv/bin/pip" install --quiet --disable-pip-version-check)

python3 -m venv "$venv" || { echo "Skipped: checks by serving clients, because Python cannot make virtual environments."; exit 0; }

if "${pip[@]}" "tritonclient[http,grpc]" grpcio-reflection grpcio-health-checking numpy; then
  "$venv/bin/python" test/clients/check_reflection.py
  "$venv/bin/python" test/clients/check_triton.py
else
  echo "Skipped: tritonclient and gRPC reflection, because the packages could not be installed."
fi

# In an environment of its own: it wants many packages, in versions of its own.
if python3 -m venv "$1/kserve" && "$1/kserve/bin/pip" install --quiet --disable-pip-version-check kserve; then
  "$1/kserve/bin/python" test/clients/check_kserve.py
else
  echo "Skipped: KServe's client and types, because kserve could not be installed."
fi

if "${pip[@]}" schemathesis; then
  "$venv/bin/python" test/clients/check_schemathesis.py
else
  echo "Skipped: schemathesis, because it could not be installed."
fi

# tensorflow-serving-api wants all of TensorFlow; what it holds itself are stubs.
python="${TENSORFLOW_PYTHON:-$venv/bin/python}"
if "$python" -c "import tensorflow, grpc" 2>/dev/null && "${pip[@]}" --no-deps --target "$1/serving-api" tensorflow-serving-api; then
  PYTHONPATH="$1/serving-api" "$python" test/clients/check_tensorflow_serving.py
else
  echo "Skipped: TensorFlow Serving's own stubs, because TensorFlow is not installed (TENSORFLOW_PYTHON names a Python that has it)."
fi
