"""TensorFlow Serving's own stubs (tensorflow-serving-api), against aimaas serve. Needs tensorflow."""
import grpc
import numpy
import tensorflow as tf
from serving import ROWS, TEXTS, serving
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)


def feature(name, value):
    if name in TEXTS:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def check(server):
    labels, probabilities = server.expected()
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "penguins"
        for name in ROWS[0]:
            request.inputs[name].CopyFrom(tf.make_tensor_proto([row[name] for row in ROWS]))
        response = stub.Predict(request, 30)
        assert response.model_spec.version.value == 1
        outputs = response.outputs
        assert [value.decode() for value in tf.make_ndarray(outputs["label"])] == labels
        found = tf.make_ndarray(outputs["probabilities"])
        # tf.make_tensor_proto makes float32 of Python's numbers, so the inputs are not quite the same.
        assert numpy.allclose(found, probabilities, atol=1e-4), found

        classification = classification_pb2.ClassificationRequest()
        classification.model_spec.name = "penguins"
        for row in ROWS:
            example = classification.input.example_list.examples.add()
            for name, value in row.items():
                example.features.feature[name].CopyFrom(feature(name, value))
        results = stub.Classify(classification, 30).result.classifications
        assert [max(c.classes, key=lambda each: each.score).label for c in results] == labels

        metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        metadata.model_spec.name = "penguins"
        signatures = get_model_metadata_pb2.SignatureDefMap()
        assert stub.GetModelMetadata(metadata, 30).metadata["signature_def"].Unpack(signatures)
        assert set(signatures.signature_def["serving_default"].inputs) == set(ROWS[0])

        status = get_model_status_pb2.GetModelStatusRequest()
        status.model_spec.name = "penguins"
        states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status, 30)
        assert [(state.version, state.state) for state in states.model_version_status] == [(1, 30)]


if __name__ == "__main__":
    with serving() as server:
        check(server)
    print("tensorflow-serving-api: Predict, Classify, GetModelMetadata and GetModelStatus.")
