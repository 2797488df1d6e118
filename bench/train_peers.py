"""The training workloads of bench/train.ts for Keras (any backend) and PyTorch.

    python train_peers.py --peer keras-tensorflow|keras-jax|torch --work autoencoder|binary [--epochs N]

Adam, learning rate 0.001, batches of 32, float32, shuffled. Prints a JSON line: samples a second (median over the epochs
after the first) and the seconds of the first epoch, compilation included.
"""
import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--peer", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--epochs", type=int, default=20)
arguments = parser.parse_args()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

WORKS = {
    "autoencoder": {"rows": 1000, "inputs": 100, "layers": [(128, "relu"), (128, "relu"), (100, None)]},
    "binary": {"rows": 8192, "inputs": 20, "layers": [(128, "relu"), (64, "relu"), (1, "sigmoid")]},
}
work = WORKS[arguments.work]
random = np.random.default_rng(0)
if arguments.work == "autoencoder":
    x = random.random((work["rows"], 100), dtype=np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = x
else:
    x = random.standard_normal((work["rows"], 20), dtype=np.float32)
    y = random.integers(0, 2, (work["rows"], 1)).astype(np.float32)

if arguments.peer.startswith("keras-"):
    os.environ["KERAS_BACKEND"] = arguments.peer.removeprefix("keras-")
    import keras

    model = keras.Sequential(
        [keras.Input((work["inputs"],)), *[keras.layers.Dense(units, activation) for units, activation in work["layers"]]]
    )
    loss = "mse" if arguments.work == "autoencoder" else "binary_crossentropy"
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)

    def epoch():
        model.fit(x, y, batch_size=32, epochs=1, verbose=0)

else:
    import torch

    layers, width = [], work["inputs"]
    for units, activation in work["layers"]:
        layers.append(torch.nn.Linear(width, units))
        if activation == "relu":
            layers.append(torch.nn.ReLU())
        width = units
    model = torch.nn.Sequential(*layers)
    criterion = torch.nn.MSELoss() if arguments.work == "autoencoder" else torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def epoch():
        order = torch.randperm(len(inputs))
        for start in range(0, len(inputs), 32):
            rows = order[start : start + 32]
            optimizer.zero_grad()
            criterion(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()


started = time.perf_counter()
epoch()
first = time.perf_counter() - started
rates = []
for _ in range(arguments.epochs):
    started = time.perf_counter()
    epoch()
    rates.append(len(x) / (time.perf_counter() - started))
print(json.dumps({"samplesPerSecond": round(statistics.median(rates)), "firstEpochSeconds": round(first, 3)}))
