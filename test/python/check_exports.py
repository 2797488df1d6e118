"""Checks ONNX exports with other people's software: onnx.checker accepts them, and onnxruntime in Python, given raw
columns, answers what `aimaas predict` does.

    python test/python/check_exports.py [PATH/TO/aimaas.js]

Needs numpy, onnx and onnxruntime, and dist/ built (npm run build). Prints a line a model; exits 1 at the first mistake.
"""

import contextlib
import csv
import datetime
import io
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
AIMAAS = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "bin" / "aimaas.js")
TOLERANCE = 1e-4
MISSING = {"", "NA", "N/A", "NaN", "null"}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def aimaas(workspace, *arguments):
    command = ["node", AIMAAS, *arguments, "--workspace", str(workspace), "--quiet"]
    done = subprocess.run(command, cwd=workspace.parent, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exited {done.returncode}:\n{done.stderr}")
    return done.stdout.strip()


def write_every_kind(path):
    """Rows with every kind of column that a graph can prepare, text beyond ASCII and missing cells among them."""
    draw = random.Random(5)

    def maybe(text):
        return "" if draw.random() < 0.07 else text

    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["größe", "year", "farbe", "city", "smoker", "seen", "label", "y"])
        for _ in range(400):
            height = draw.gauss(170, 12)
            smoker = draw.random() < 0.4
            day = datetime.date(2015, 1, 1) + datetime.timedelta(days=draw.randrange(3000))
            color = draw.choice(["rot", "grün", "blau, hell", 'né "q"'])
            score = (height - 170) / 12 + (1 if smoker else -1) + (day.year - 2019) / 3 + draw.gauss(0, 0.5)
            row = [f"{height:.2f}", str(2000 + draw.randrange(20)), color, f"city {draw.randrange(25)}"]
            row += ["true" if smoker else "false", day.isoformat(), draw.choice(["a", "b"])]
            writer.writerow([maybe(cell) for cell in row] + ["sí" if score > 0 else "no"])


def cell_value(text, kind):
    if kind in ("category", "text", "id"):
        return "" if text in MISSING else text
    if text in MISSING:
        return math.nan
    if kind == "boolean":
        return {"true": 1.0, "false": 0.0}[text.lower()]
    if kind == "date":
        moment = datetime.datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
        return (moment - EPOCH).total_seconds() * 1000
    return float(text)


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


def compare(manifest, session, rows, predictions, spread):
    outputs = [spec["name"] for spec in manifest["formats"]["onnx"]["details"]["outputs"]]
    answers = dict(zip(outputs, session.run(outputs, feeds(manifest, rows))))
    scores = answers[outputs[-1]]
    if manifest["task"] == "regression":
        own = np.array([[float(line["prediction"])] for line in predictions])
        return float(np.abs(scores - own).max()) / spread
    own = np.array([[float(line[f"probability_{name}"]) for name in manifest["classes"]] for line in predictions])
    labels = answers[outputs[0]]
    for label, line, row in zip(labels, predictions, own):
        close = np.sort(row)[-1] - np.sort(row)[-2] < 2 * TOLERANCE
        assert close or label == line["prediction"], (label, line)
    return float(np.abs(scores - own).max())


def check(folder, name, source, target, model):
    workspace = folder / f"{name}-{model}"
    aimaas(workspace, "collect", str(source), "--target", target)
    aimaas(workspace, "preprocess")
    aimaas(workspace, "train", "--model", model, "--epochs", "5")
    bundle = folder / f"{name}-{model}-bundle"
    aimaas(workspace, "export", "--name", name, "--output", str(bundle))
    output = folder / f"{name}-{model}.csv"
    aimaas(workspace, "predict", str(bundle), str(source), "--output", str(output))
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    session = check_file(bundle, manifest)
    with open(source, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(output, newline="", encoding="utf-8") as file:
        predictions = list(csv.DictReader(file))
    assert len(rows) == len(predictions), (len(rows), len(predictions))
    # A difference of values is judged by how far the values lie apart.
    spread = float(np.std([float(line["prediction"]) for line in predictions])) if manifest["task"] == "regression" else 1
    difference = compare(manifest, session, rows, predictions, spread)
    assert difference <= TOLERANCE, f"{name} {model}: differs by {difference}"
    # A single row: no batch size is baked in.
    assert compare(manifest, session, rows[:1], predictions[:1], spread) <= TOLERANCE
    answers = run_python_of(bundle / "README.md", bundle)["answers"]
    assert len(answers) == len(manifest["formats"]["onnx"]["details"]["outputs"])
    print(f"{name} {model}: {len(rows)} rows, largest difference {difference:.1e}")


def run_python_of(document, folder):
    """Runs the Python of a Markdown file as it stands; returns its variables."""
    code = re.search(r"^```python\n(.*?)^```", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE).group(1)
    os.chdir(folder)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, str(document), "exec"), names)
    os.chdir(ROOT)
    return names


def run_documented_example(bundle):
    (bundle.parent / "penguins-model").symlink_to(bundle)
    names = run_python_of(ROOT / "docs" / "formats.md", bundle.parent)
    assert list(names["label"]) != [] and names["probabilities"].shape == (2, 3)


def main():
    examples = ROOT / "examples"
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        every_kind = folder / "every_kind.csv"
        write_every_kind(every_kind)
        sources = [
            ("penguins", examples / "penguins" / "penguins.csv", "species"),
            ("cars", examples / "cars" / "cars.csv", "miles_per_gallon"),
            ("every-kind", every_kind, "y"),
        ]
        for name, source, target in sources:
            for model in ("linear", "mlp"):
                check(folder, name, source, target, model)
        run_documented_example(folder / "penguins-mlp-bundle")


main()
