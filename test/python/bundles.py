"""What the checks of exported files share: making bundles with aimaas, and rows as their inputs take them."""

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

import numpy as np

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


MODEL_FILES = {
    "convolution.js": """
      export default ({ tf, inputShape: [width], outputUnits, outputActivation }) => tf.sequential({
        layers: [
          tf.layers.reshape({ inputShape: [width], targetShape: [width, 1] }),
          tf.layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
          tf.layers.reshape({ targetShape: [width, 2, 2] }),
          tf.layers.separableConv2d({ filters: 3, kernelSize: 2, padding: 'same', activation: 'tanh' }),
          tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
          tf.layers.conv2d({ filters: 3, kernelSize: 2, dilationRate: 2, activation: 'relu' }),
          tf.layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
          tf.layers.flatten(),
          tf.layers.dense({ units: outputUnits, activation: outputActivation }),
        ],
      });
    """,
    "recurrent.js": """
      export default ({ tf, inputShape: [width], outputUnits, outputActivation }) => tf.sequential({
        layers: [
          tf.layers.reshape({ inputShape: [width], targetShape: [width, 1] }),
          tf.layers.bidirectional({
            layer: tf.layers.gru({ units: 3, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
            mergeMode: 'concat',
          }),
          tf.layers.lstm({ units: 4, recurrentInitializer: 'glorotUniform' }),
          tf.layers.dense({ units: outputUnits, activation: outputActivation }),
        ],
      });
    """,
}


def write_model_files(folder):
    """Model files with what the families of aimaas do not have: convolutions, and loops."""
    for name, content in MODEL_FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [f"./{name}" for name in MODEL_FILES]


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


def make_bundle(folder, name, source, target, model, *formats):
    """Trains a model and exports it; returns the bundle, its manifest, the rows and what `predict` answers for them."""
    label = f"{name}-{pathlib.Path(model).stem}"
    workspace = folder / label
    aimaas(workspace, "collect", str(source), "--target", target)
    aimaas(workspace, "preprocess")
    aimaas(workspace, "train", "--model", model, "--epochs", "5")
    bundle = folder / f"{label}-bundle"
    chosen = [word for format in formats for word in ("--format", format)]
    aimaas(workspace, "export", "--name", name, "--output", str(bundle), *chosen)
    output = folder / f"{label}.csv"
    aimaas(workspace, "predict", str(bundle), str(source), "--output", str(output))
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    with open(source, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(output, newline="", encoding="utf-8") as file:
        predictions = list(csv.DictReader(file))
    assert len(rows) == len(predictions), (len(rows), len(predictions))
    return bundle, manifest, rows, predictions


def sources(folder):
    """Real and made tables, with their targets."""
    every_kind = folder / "every_kind.csv"
    write_every_kind(every_kind)
    examples = ROOT / "examples"
    return [
        ("penguins", examples / "penguins" / "penguins.csv", "species"),
        ("cars", examples / "cars" / "cars.csv", "miles_per_gallon"),
        ("every-kind", every_kind, "y"),
    ]


def largest_difference(manifest, scores, labels, predictions):
    """How far answers are from those of `predict`; of values, relative to how far these lie apart."""
    if manifest["task"] == "regression":
        own = np.array([[float(line["prediction"])] for line in predictions])
        spread = float(np.std(own)) if len(own) > 1 else max(1.0, abs(float(own[0, 0])))
        return float(np.abs(scores - own).max()) / spread
    own = np.array([[float(line[f"probability_{name}"]) for name in manifest["classes"]] for line in predictions])
    for label, line, row in zip(labels, predictions, own):
        close = np.sort(row)[-1] - np.sort(row)[-2] < 2 * TOLERANCE
        assert close or label == line["prediction"], (label, line)
    return float(np.abs(scores - own).max())


def run_python_of(document, folder, heading=""):
    """Runs the first Python of a Markdown file after a heading as it stands; returns its variables."""
    text = document.read_text(encoding="utf-8").split(heading, 1)[1] if heading else document.read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE).group(1)
    os.chdir(folder)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, str(document), "exec"), names)
    os.chdir(ROOT)
    return names
