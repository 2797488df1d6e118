"""KServe's own client, over REST and gRPC, against aimaas serve; and the InferenceService manifest against KServe's types."""
import asyncio
import pathlib
import re

import kserve
import kubernetes.client
import numpy
import yaml
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from serving import CLASSES, ROWS, TEXTS, aimaas, serving

MANIFEST = pathlib.Path("kserve") / "inference-service.yaml"


def request(binary):
    inputs = []
    for name in ROWS[0]:
        values = [row[name] for row in ROWS]
        kind, dtype = ("BYTES", object) if name in TEXTS else ("FP64", numpy.float64)
        tensor = InferInput(name, [len(values)], kind)
        tensor.set_data_from_numpy(numpy.array(values, dtype=dtype), binary_data=binary)
        inputs.append(tensor)
    return InferRequest("penguins", inputs, request_id="7")


def check(response, labels, probabilities):
    assert response.id == "7" and response.model_name == "penguins", response
    outputs = {output.name: output.as_numpy() for output in response.outputs}
    found = [value.decode() if isinstance(value, bytes) else value for value in outputs["label"].tolist()]
    assert found == labels, (found, labels)
    assert outputs["probabilities"].shape == (len(ROWS), len(CLASSES)), outputs
    assert numpy.array_equal(outputs["probabilities"], numpy.array(probabilities, dtype=numpy.float32)), outputs


async def check_rest(server, labels, probabilities):
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    assert await client.is_server_live(server.url) and await client.is_server_ready(server.url)
    assert await client.is_model_ready(server.url, "penguins")
    assert not await client.is_model_ready(server.url, "puffins")
    for binary in (False, True):
        check(await client.infer(server.url, request(binary), model_name="penguins"), labels, probabilities)
    await client.close()
    older = InferenceRESTClient(RESTConfig(protocol="v1", retries=0))
    answer = await older.infer(server.url, {"instances": ROWS}, model_name="penguins")
    assert [row["label"] for row in answer["predictions"]] == labels, answer
    await older.close()


async def check_grpc(server, labels, probabilities):
    client = InferenceGRPCClient(server.grpc, retries=0)
    assert await client.is_server_live() and await client.is_server_ready()
    assert await client.is_model_ready("penguins")
    for binary in (False, True):
        check(await client.infer(request(binary)), labels, probabilities)
    await client.close()


def hold(value, kind, where):
    """Holds part of a manifest against the type it has in KServe's or Kubernetes' own models; unknown fields are errors."""
    found = re.fullmatch(r"(list|dict)[\[(](?:str, )?(.*)[\])]", kind, re.IGNORECASE)
    if found is not None:
        assert isinstance(value, list if found[1].lower() == "list" else dict), (where, value, kind)
        for key, item in enumerate(value) if isinstance(value, list) else value.items():
            hold(item, found[2], f"{where}.{key}")
        return
    simple = {"str": str, "int": int, "bool": bool, "float": (int, float)}.get(kind)
    model = getattr(kserve, kind, None) or getattr(kubernetes.client, kind, None)
    if simple is not None:
        assert isinstance(value, simple), (where, value, kind)
    elif hasattr(model, "openapi_types"):
        names = {model.attribute_map[name]: (name, kind) for name, kind in model.openapi_types.items()}
        unknown = set(value) - set(names)
        assert not unknown, (where, unknown)
        for key, item in value.items():
            hold(item, names[key][1], f"{where}.{key}")
        # Its constructor says what is missing.
        model(**{names[key][0]: item for key, item in value.items()})
    else:
        # Free forms, such as quantities and ports.
        assert kind in ("object", "ResourceQuantity", "IntstrIntOrString"), (where, kind)


def check_manifest(folder):
    exported = pathlib.Path(folder) / "kubernetes"
    aimaas(folder, "export", "--format", "kubernetes", "--output", str(exported), "--name", "penguins")
    paths = list(exported.rglob(str(MANIFEST)))
    assert len(paths) == 1, paths
    hold(yaml.safe_load(paths[0].read_text()), "V1beta1InferenceService", "InferenceService")


if __name__ == "__main__":
    with serving(prepare=check_manifest) as server:
        expected = server.expected()
        asyncio.run(check_rest(server, *expected))
        asyncio.run(check_grpc(server, *expected))
    print("kserve: the same answers over REST and gRPC; the InferenceService is what KServe knows.")
