"""The server a Python user would write for an ONNX model, as the peer of bench/serve.ts.

MODEL=network.onnx uvicorn serve_fastapi:app --port 8502 --loop uvloop --http httptools --log-level warning

POST /v1/models/m:predict {"instances": [[number, ...], ...]} -> {"predictions": [[number, ...], ...]}
"""
import os

import numpy
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

session_options = onnxruntime.SessionOptions()
session_options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
session = onnxruntime.InferenceSession(os.environ["MODEL"], session_options)
input_name = session.get_inputs()[0].name
app = FastAPI()


class Rows(BaseModel):
    instances: list[list[float]]


@app.post("/v1/models/m:predict")
def predict(rows: Rows):
    matrix = numpy.array(rows.instances, dtype=numpy.float32)
    return {"predictions": session.run(None, {input_name: matrix})[0].tolist()}
