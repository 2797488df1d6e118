"""Reads the events of a run with TensorBoard's own reader, after training anew and after a kill.

    python test/python/check_events.py       (tensorboard; with the dependencies installed and dist/ built)
"""

import json
import pathlib
import signal
import subprocess
import tempfile
import time

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALARS = {"loss": "loss", "validation_loss": "validationLoss", "learning_rate": "learningRate"}


def start(folder, *argv):
    return subprocess.Popen(["node", str(ROOT / "bin" / "aimaas.js"), *argv], cwd=folder, stdout=subprocess.DEVNULL)


def aimaas(folder, *argv):
    assert start(folder, *argv).wait() == 0, argv


def check(folder):
    """Every line of metrics.jsonl is in the events, once and in order."""
    (run,) = pathlib.Path(folder, ".aimaas", "runs").iterdir()
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    assert sorted(events.Tags()["scalars"]) == sorted(SCALARS), events.Tags()
    for tag, name in SCALARS.items():
        read = [(event.step, event.value) for event in events.Scalars(tag)]
        assert len(read) == len(records), (tag, len(read), len(records))
        for (step, value), record in zip(read, records):
            assert step == record["epoch"] and abs(value - record[name]) <= 1e-6 * abs(record[name]), (tag, record)
    return len(records)


with tempfile.TemporaryDirectory() as folder:
    aimaas(folder, "collect", str(ROOT / "examples" / "penguins" / "penguins.csv"), "--target", "species", "-q")
    aimaas(folder, "preprocess", "-q")
    argv = ["train", "--layers", "4", "--epochs", "20", "--members", "1", "-q"]
    aimaas(folder, *argv)
    aimaas(folder, *argv, "--force")
    assert check(folder) == 20

with tempfile.TemporaryDirectory() as folder:
    aimaas(folder, "collect", str(ROOT / "examples" / "penguins" / "penguins.csv"), "--target", "species", "-q")
    aimaas(folder, "preprocess", "-q")
    child = start(folder, "train", "--layers", "64,64", "--epochs", "1000", "--patience", "1000", "-q")
    runs = pathlib.Path(folder, ".aimaas", "runs")
    while not list(runs.glob("*/metrics.jsonl")) or not list(runs.glob("*/checkpoints/checkpoint.json")):
        assert child.poll() is None, "ended before it could be interrupted"
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    aimaas(folder, "train", "--resume", "-q")
    assert check(folder) == 1000

print("Events: TensorBoard reads what metrics.jsonl has.")
