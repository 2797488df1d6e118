"""Checks ONNX exports with other people's software: onnx.checker accepts them, and onnxruntime in Python, given raw
columns, answers what `aimaas predict` does.

    python test/python/check_exports.py [PATH/TO/aimaas.js]

Needs numpy, onnx and onnxruntime, and dist/ built (npm run build). Prints a line a model; exits 1 at the first mistake.
"""

import json
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from bundles import ROOT, TOLERANCE, cell_value, largest_difference, make_bundle, run_python_of, sources, write_model_files


def feeds(manifest, rows):
    kinds = {column["name"]: column["kind"] for column in manifest["schema"]["columns"]}
    given = {}
    for spec in manifest["formats"]["onnx"]["details"]["inputs"]:
        cells = [[cell_value(row[spec["name"]], kinds[spec["name"]])] for row in rows]
        given[spec["name"]] = np.array(cells, dtype=np.float64 if spec["type"] == "double" else object)
    return given


def check_file(bundle, manifest):
    path = bundle / "onnx" / "model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["classes"]) == manifest["classes"], properties["classes"]
    assert [column["name"] for column in json.loads(properties["inputs"])] == [value.name for value in model.graph.input]
    for value in [*model.graph.input, *model.graph.output]:
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch", f"{value.name} has a fixed number of rows"
    network = onnx.load(bundle / "network.onnx")
    onnx.checker.check_model(network, full_check=True)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def compare(manifest, session, rows, predictions):
    outputs = [spec["name"] for spec in manifest["formats"]["onnx"]["details"]["outputs"]]
    answers = session.run(outputs, feeds(manifest, rows))
    return largest_difference(manifest, answers[-1], answers[0], predictions)


def check(folder, name, source, target, model):
    bundle, manifest, rows, predictions = make_bundle(folder, name, source, target, model, "onnx", "tfjs")
    session = check_file(bundle, manifest)
    difference = compare(manifest, session, rows, predictions)
    assert difference <= TOLERANCE, f"{name} {model}: differs by {difference}"
    # A single row: no batch size is baked in.
    assert compare(manifest, session, rows[:1], predictions[:1]) <= TOLERANCE
    answers = run_python_of(bundle / "README.md", bundle)["answers"]
    assert len(answers) == len(manifest["formats"]["onnx"]["details"]["outputs"])
    print(f"{name} {model}: {len(rows)} rows, largest difference {difference:.1e}")


def run_documented_example(bundle):
    (bundle.parent / "penguins-model").symlink_to(bundle)
    names = run_python_of(ROOT / "docs" / "formats.md", bundle.parent)
    assert list(names["label"]) != [] and names["probabilities"].shape == (2, 3)


def main():
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        for name, source, target in sources(folder):
            for model in ("linear", "mlp"):
                check(folder, name, source, target, model)
        name, source, target = sources(folder)[0]
        for model in write_model_files(folder):
            check(folder, name, source, target, model)
        run_documented_example(folder / "penguins-mlp-bundle")


main()
