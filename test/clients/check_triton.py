"""tritonclient, over HTTP and gRPC, against aimaas serve."""
import numpy
import tritonclient.grpc
import tritonclient.http
from serving import CLASSES, ROWS, TEXTS, serving


def tensors(module):
    inputs = []
    for name in ROWS[0]:
        values = [row[name] for row in ROWS]
        if name in TEXTS:
            array = numpy.array([value.encode() for value in values], dtype=object)
            tensor = module.InferInput(name, [len(values)], "BYTES")
        else:
            array = numpy.array(values, dtype=numpy.float64)
            tensor = module.InferInput(name, [len(values)], "FP64")
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    return inputs


def check(result, labels, probabilities):
    found = [value.decode() if isinstance(value, bytes) else value for value in result.as_numpy("label")]
    assert found == labels, (found, labels)
    numbers = result.as_numpy("probabilities")
    assert numbers.dtype == numpy.float32 and numbers.shape == (len(ROWS), len(CLASSES)), numbers
    assert numpy.array_equal(numbers, numpy.array(probabilities, dtype=numpy.float32)), numbers


def check_common(client, module, labels, probabilities):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("penguins")
    assert not client.is_model_ready("puffins") if module is tritonclient.http else True
    check(client.infer("penguins", tensors(module)), labels, probabilities)
    check(client.infer("penguins", tensors(module), model_version="1", request_id="7"), labels, probabilities)
    ranked = module.InferRequestedOutput("probabilities", class_count=2)
    best = client.infer("penguins", tensors(module), outputs=[ranked]).as_numpy("probabilities")
    assert best.shape == (len(ROWS), 2) and best[0][0].decode().split(":")[2] == labels[0], best
    try:
        client.infer("penguins", tensors(module)[1:])
        raise SystemExit("a request without a column was answered")
    except module.InferenceServerException as error:
        assert "island" in str(error), error
    client.unload_model("penguins")
    try:
        client.infer("penguins", tensors(module))
        raise SystemExit("a model that was unloaded answered")
    except module.InferenceServerException:
        pass
    client.load_model("penguins")
    check(client.infer("penguins", tensors(module)), labels, probabilities)


def check_http(server, labels, probabilities):
    client = tritonclient.http.InferenceServerClient(server.http)
    assert client.get_server_metadata()["name"] == "aimaas"
    assert {tensor["name"] for tensor in client.get_model_metadata("penguins")["inputs"]} == set(ROWS[0])
    assert client.get_model_repository_index()[0]["state"] == "READY"
    for compression in ("gzip", "deflate"):
        result = client.infer("penguins", tensors(tritonclient.http), request_compression_algorithm=compression)
        check(result, labels, probabilities)
    outputs = [tritonclient.http.InferRequestedOutput(name, binary_data=False) for name in ("label", "probabilities")]
    result = client.infer("penguins", tensors(tritonclient.http), outputs=outputs)
    check(result, labels, probabilities)
    check_common(client, tritonclient.http, labels, probabilities)


def check_grpc(server, labels, probabilities):
    client = tritonclient.grpc.InferenceServerClient(server.grpc)
    assert client.get_server_metadata().name == "aimaas"
    assert [index.state for index in client.get_model_repository_index().models] == ["READY"]
    check_common(client, tritonclient.grpc, labels, probabilities)
    answers = []
    client.start_stream(lambda result, error: answers.append((result, error)))
    for number in range(20):
        client.async_stream_infer("penguins", tensors(tritonclient.grpc), request_id=str(number))
    client.stop_stream()
    assert [result.get_response().id for result, _ in answers] == [str(number) for number in range(20)]
    for result, error in answers:
        assert error is None
        check(result, labels, probabilities)


if __name__ == "__main__":
    for flags in ((), ("--workers", "2")):
        with serving(*flags) as server:
            expected = server.expected()
            check_http(server, *expected)
            check_grpc(server, *expected)
    print("tritonclient: the same answers over HTTP and gRPC, with one process and two.")
