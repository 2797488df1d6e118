"""Starts the built aimaas on a model trained for the purpose, for checks by other people's clients."""
import json
import os
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
AIMAAS = os.path.join(ROOT, "bin", "aimaas.js")
NODE = os.environ.get("NODE", "node")

ROWS = [
    {
        "island": "Dream",
        "beak_length_mm": 46.5,
        "beak_depth_mm": 17.9,
        "flipper_length_mm": 192,
        "body_mass_g": 3500,
        "sex": "female",
    },
    {
        "island": "Biscoe",
        "beak_length_mm": 50.0,
        "beak_depth_mm": 16.3,
        "flipper_length_mm": 230,
        "body_mass_g": 5700,
        "sex": "male",
    },
    {
        "island": "Torgersen",
        "beak_length_mm": 39.1,
        "beak_depth_mm": 18.7,
        "flipper_length_mm": 181,
        "body_mass_g": 3750,
        "sex": "male",
    },
]
TEXTS = ("island", "sex")
CLASSES = ["Adelie", "Chinstrap", "Gentoo"]


def aimaas(folder, *arguments):
    subprocess.run([NODE, AIMAAS, *arguments, "-q"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


class Server:
    def __init__(self, ready):
        self.url = ready["url"]
        self.http = self.url.removeprefix("http://")
        self.grpc = f"127.0.0.1:{ready['grpcPort']}"

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as response:
            return json.load(response)

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def expected(self):
        """What POST /predict answers: labels, and probabilities in the order of the classes."""
        predictions = self.post("/predict", {"records": ROWS, "model": "penguins"})["predictions"]
        labels = [prediction["prediction"] for prediction in predictions]
        return labels, [[p["probabilities"][name] for name in CLASSES] for p in predictions]


@contextmanager
def serving(*flags, models=("penguins",), prepare=lambda folder: None):
    """A server of the penguins model over HTTP and gRPC."""
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(ROOT, "examples", "penguins", "penguins.csv")
        aimaas(folder, "collect", data, "--target", "species")
        aimaas(folder, "preprocess")
        aimaas(folder, "train", "--model", "mlp", "--members", "1", "--epochs", "20")
        aimaas(folder, "export", "--format", "onnx", "--name", "penguins")
        prepare(folder)
        command = [NODE, AIMAAS, "serve", *models, "--port", "0", "--grpc-port", "0", "--json", *flags]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            yield Server(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            code = process.wait(60)
        assert code == 0, f"aimaas serve ended with {code}"
