"""gRPC health, reflection, and TensorFlow Serving's services found by reflection alone, as grpcurl does."""
import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from serving import CLASSES, ROWS, TEXTS, serving


def check(server):
    labels, probabilities = server.expected()
    with grpc.insecure_channel(server.grpc) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
        watch = health.Watch(health_pb2.HealthCheckRequest(service="inference.GRPCInferenceService"))
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()

        database = ProtoReflectionDescriptorDatabase(channel)
        services = database.get_services()
        pool = descriptor_pool.DescriptorPool(database)
        for name in services:
            for method in pool.FindServiceByName(name).methods:
                message_factory.GetMessageClass(method.input_type)()
        service = pool.FindServiceByName("tensorflow.serving.PredictionService")
        method = service.FindMethodByName("Predict")
        request = message_factory.GetMessageClass(method.input_type)()
        request.model_spec.name = "penguins"
        for name in ROWS[0]:
            tensor = request.inputs[name]
            tensor.tensor_shape.dim.add().size = len(ROWS)
            if name in TEXTS:
                tensor.dtype = 7
                tensor.string_val.extend(row[name].encode() for row in ROWS)
            else:
                tensor.dtype = 2
                tensor.double_val.extend(row[name] for row in ROWS)
        call = channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        outputs = call(request, timeout=30).outputs
        assert [value.decode() for value in outputs["label"].string_val] == labels
        flat = [value for row in probabilities for value in row]
        assert len(outputs["probabilities"].float_val) == len(ROWS) * len(CLASSES)
        assert all(abs(a - b) < 1e-6 for a, b in zip(outputs["probabilities"].float_val, flat))
    return services


if __name__ == "__main__":
    with serving() as server:
        found = check(server)
    print(f"grpcio: health, and by reflection {len(found)} services, one of which predicted.")
