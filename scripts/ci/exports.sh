#!/usr/bin/env bash
# What other programs read, in those programs: ONNX exports in Python's onnxruntime, checked by onnx.checker, and the
# events of a run in TensorBoard's reader. Where PyPI cannot be reached, one line says so.
#
#   scripts/ci/exports.sh VENV      (with the dependencies installed and dist/ built)
set -euo pipefail
cd "$(dirname "$0")/../.."

if python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check numpy onnx onnxruntime tensorboard; then
  "$1/bin/python" test/python/check_exports.py
  "$1/bin/python" test/python/check_events.py
else
  echo "Skipped: ONNX exports in Python's onnxruntime and onnx.checker, and events in TensorBoard, because the packages could not be installed."
fi
