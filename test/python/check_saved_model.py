"""Checks SavedModel exports in TensorFlow itself: both of its loaders take them, and given raw columns they answer what
`aimaas predict` does.

    python test/python/check_saved_model.py [PATH/TO/aimaas.js]

Needs tensorflow (or tensorflow-cpu), and dist/ built (npm run build). Prints a line a model; exits 1 at the first mistake.
"""

import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from bundles import ROOT, TOLERANCE, cell_value, largest_difference, make_bundle, run_python_of, sources, write_model_files


def feeds(manifest, rows):
    """Column → array of its cells, [rows, 1]."""
    kinds = {column["name"]: column["kind"] for column in manifest["schema"]["columns"]}
    given = {}
    for spec in manifest["formats"]["saved-model"]["details"]["inputs"]:
        cells = [[cell_value(row[spec["name"]], kinds[spec["name"]])] for row in rows]
        given[spec["name"]] = np.array(cells, dtype=np.float64 if spec["dtype"] == "double" else object)
    return given


def check_signature(signature, details):
    _, inputs = signature.structured_input_signature
    assert sorted(inputs) == sorted(spec["name"] for spec in details["inputs"]), inputs
    assert sorted(signature.structured_outputs) == sorted(spec["name"] for spec in details["outputs"])
    for spec in details["inputs"]:
        declared = inputs[spec["name"]]
        wanted = {"double": tf.float64, "string": tf.string, "float": tf.float32}[spec["dtype"]]
        assert declared.dtype == wanted and declared.shape.as_list() == [None, spec["shape"][1]], declared


def with_new_loader(path, manifest, rows):
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    check_signature(signature, manifest["formats"]["saved-model"]["details"])
    answers = signature(**{name: tf.constant(cells) for name, cells in feeds(manifest, rows).items()})
    return {name: value.numpy() for name, value in answers.items()}


def with_old_loader(path, manifest, rows):
    """TensorFlow 1's loader, which TensorFlow Serving shares its way of reading signatures with."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(path))
        signature = meta.signature_def["serving_default"]
        given = feeds(manifest, rows)
        fed = {info.name: given[name] for name, info in signature.inputs.items()}
        return session.run({name: info.name for name, info in signature.outputs.items()}, fed)


def compare(manifest, answers, predictions):
    outputs = [spec["name"] for spec in manifest["formats"]["saved-model"]["details"]["outputs"]]
    labels = [label.decode("utf-8") for label in answers[outputs[0]]] if len(outputs) > 1 else []
    return largest_difference(manifest, answers[outputs[-1]], labels, predictions)


def check(folder, name, source, target, model):
    bundle, manifest, rows, predictions = make_bundle(folder, name, source, target, model, "saved-model")
    path = bundle / "saved-model"
    differences = []
    for load in (with_new_loader, with_old_loader):
        differences.append(compare(manifest, load(path, manifest, rows), predictions))
        # A single row: no batch size is baked in.
        assert compare(manifest, load(path, manifest, rows[:1]), predictions[:1]) <= TOLERANCE
    assert max(differences) <= TOLERANCE, f"{name} {model}: differs by {differences}"
    answers = run_python_of(bundle / "README.md", bundle)["answers"]
    assert len(answers) == len(manifest["formats"]["saved-model"]["details"]["outputs"])
    print(f"{name} {model}: {len(rows)} rows in TensorFlow {tf.__version__}, largest difference {max(differences):.1e}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        for name, source, target in sources(folder):
            for model in ("linear", "mlp"):
                check(folder, name, source, target, model)
        name, source, target = sources(folder)[0]
        for model in write_model_files(folder):
            check(folder, name, source, target, model)
        bundle, *_ = make_bundle(folder, "documented", ROOT / "examples" / "penguins" / "penguins.csv", "species", "mlp")
        (folder / "penguins-model").symlink_to(bundle)
        names = run_python_of(ROOT / "docs" / "formats.md", folder, "## TensorFlow")
        assert names["probabilities"].shape == (2, 3), names["probabilities"]


main()
