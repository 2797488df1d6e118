"""The training workloads of bench/train.ts for Keras (any backend) and PyTorch.

    python train_peers.py --peer keras-tensorflow|keras-jax|keras-torch|torch --work NAME [--epochs N]

Adam, learning rate 0.001, batches of 32, float32, shuffled; the models are those of bench/works.ts. Prints a JSON line:
samples a second (median over the epochs after the first) and the seconds of the first epoch, compilation included.
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

random = np.random.default_rng(0)


def uniform(*shape):
    return random.random(shape, dtype=np.float32)


def tokens(rows):
    return random.integers(0, 5000, (rows, 64)).astype(np.int32)


def classes(rows, count):
    return np.eye(count, dtype=np.float32)[random.integers(0, count, rows)]


def data(work):
    """Inputs, targets and the loss: squared, binary or categorical."""
    if work == "autoencoder":
        x = uniform(1000, 100)
        return x, x, "squared"
    if work == "binary":
        return uniform(8192, 20), random.integers(0, 2, (8192, 1)).astype(np.float32), "binary"
    if work == "cnn":
        return uniform(2048, 28, 28, 1), classes(2048, 10), "categorical"
    if work == "lstm-reg":
        return uniform(1024, 20, 8), uniform(1024, 1), "squared"
    if work == "lstm-stack":
        return uniform(1024, 20, 8), classes(1024, 10), "categorical"
    if work == "text-lstm":
        return tokens(1024), classes(1024, 2), "categorical"
    if work == "transformer":
        return tokens(512), classes(512, 2), "categorical"
    if work == "convnet":
        return uniform(512, 32, 32, 3), classes(512, 10), "categorical"
    raise SystemExit(f"there is no workload {work}")


def keras_model(work):
    import keras
    from keras import layers

    def sequential(shape, *stack, dtype="float32"):
        return keras.Sequential([keras.Input(shape, dtype=dtype), *stack])

    if work == "autoencoder":
        return sequential((100,), layers.Dense(128, "relu"), layers.Dense(128, "relu"), layers.Dense(100))
    if work == "binary":
        return sequential((20,), layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid"))
    if work == "cnn":
        return sequential(
            (28, 28, 1),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        )
    if work == "lstm-reg":
        return sequential((20, 8), layers.LSTM(128), layers.Dense(1))
    if work == "lstm-stack":
        return sequential(
            (20, 8), layers.LSTM(64, return_sequences=True), layers.LSTM(32), layers.Dense(10, "softmax")
        )
    if work == "text-lstm":
        stack = [layers.Embedding(5000, 64), layers.LSTM(64), layers.Dense(2, "softmax")]
        return sequential((64,), *stack, dtype="int32")
    if work == "convnet":
        blocks = [
            layer
            for filters in (32, 64, 128)
            for layer in (layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D(2))
        ]
        head = [layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
        return sequential((32, 32, 3), *blocks, *head)
    inputs = keras.Input((64,), dtype="int32")
    h = layers.Embedding(5000, 64)(inputs) + layers.Embedding(64, 64)(keras.ops.arange(64))
    for _ in range(2):
        h = layers.LayerNormalization()(h + layers.MultiHeadAttention(4, 16)(h, h))
        h = layers.LayerNormalization()(h + layers.Dense(64)(layers.Dense(128, "relu")(h)))
    return keras.Model(inputs, layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(h)))


def keras_epoch(x, y, loss):
    import keras

    model = keras_model(arguments.work)
    losses = {"squared": "mse", "binary": "binary_crossentropy", "categorical": "categorical_crossentropy"}
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=losses[loss])
    return lambda: model.fit(x, y, batch_size=32, epochs=1, verbose=0)


def torch_model(work):
    from torch import nn, zeros

    class Recurrent(nn.Module):
        """LSTMs one after the other, then a dense layer of the last step."""

        def __init__(self, *widths, outputs):
            super().__init__()
            pairs = zip(widths, widths[1:])
            self.cells = nn.ModuleList(nn.LSTM(i, o, batch_first=True) for i, o in pairs)
            self.head = nn.Linear(widths[-1], outputs)

        def forward(self, h):
            for cell in self.cells:
                h, _ = cell(h)
            return self.head(h[:, -1])

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(5000, 64)
            self.positions = nn.Parameter(zeros(64, 64))
            blocks = (nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True) for _ in range(2))
            self.blocks = nn.Sequential(*blocks)
            self.head = nn.Linear(64, 2)

        def forward(self, x):
            return self.head(self.blocks(self.embedding(x) + self.positions).mean(1))

    linear, relu = nn.Linear, nn.ReLU
    if work == "autoencoder":
        return nn.Sequential(linear(100, 128), relu(), linear(128, 128), relu(), linear(128, 100))
    if work == "binary":
        return nn.Sequential(linear(20, 128), relu(), linear(128, 64), relu(), linear(64, 1))
    if work == "cnn":
        return nn.Sequential(nn.Conv2d(1, 32, 3), relu(), nn.MaxPool2d(2), nn.Flatten(), linear(5408, 10))
    if work == "lstm-reg":
        return Recurrent(8, 128, outputs=1)
    if work == "lstm-stack":
        return Recurrent(8, 64, 32, outputs=10)
    if work == "text-lstm":
        return nn.Sequential(nn.Embedding(5000, 64), Recurrent(64, 64, outputs=2))
    if work == "convnet":
        blocks = [
            layer
            for inputs, filters in ((3, 32), (32, 64), (64, 128))
            for layer in (nn.Conv2d(inputs, filters, 3, padding=1), relu(), nn.MaxPool2d(2))
        ]
        return nn.Sequential(*blocks, nn.Flatten(), linear(2048, 128), relu(), linear(128, 10))
    return Transformer()


def torch_epoch(x, y, loss):
    import torch
    from torch.nn import functional

    model = torch_model(arguments.work)
    criterion = {
        "squared": functional.mse_loss,
        "binary": functional.binary_cross_entropy_with_logits,
        "categorical": functional.cross_entropy,
    }[loss]
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    if x.dtype == np.int32:
        x = x.astype(np.int64)
    # Channels first is PyTorch's native order.
    inputs = torch.from_numpy(x.transpose(0, 3, 1, 2).copy() if x.ndim == 4 else x)
    targets = torch.from_numpy(y.argmax(1) if loss == "categorical" else y)

    def epoch():
        order = torch.randperm(len(inputs))
        for start in range(0, len(inputs), 32):
            rows = order[start : start + 32]
            optimizer.zero_grad()
            criterion(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    return epoch


x, y, loss = data(arguments.work)
if arguments.peer.startswith("keras-"):
    os.environ["KERAS_BACKEND"] = arguments.peer.removeprefix("keras-")
    epoch = keras_epoch(x, y, loss)
else:
    epoch = torch_epoch(x, y, loss)

started = time.perf_counter()
epoch()
first = time.perf_counter() - started
rates = []
for _ in range(arguments.epochs):
    started = time.perf_counter()
    epoch()
    rates.append(len(x) / (time.perf_counter() - started))
print(json.dumps({"samplesPerSecond": round(statistics.median(rates)), "firstEpochSeconds": round(first, 3)}))
