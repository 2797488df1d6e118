"""Holds Kubernetes manifests against the schemas of several versions of Kubernetes; unknown fields are errors.

    python test/python/check_manifests.py FOLDER       (kubernetes-validate, pyyaml)
"""

import pathlib
import sys

import kubernetes_validate
import yaml

VERSIONS = ("1.30", "1.33")

folder = pathlib.Path(sys.argv[1])
checked = 0
for path in sorted(folder.glob("*.yaml")):
    manifest = yaml.safe_load(path.read_text())
    if manifest["kind"] == "Kustomization":
        assert all((folder / name).exists() for name in manifest["resources"]), path
        continue
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)
    checked += 1
assert checked == 5, checked

# KServe's predictor is a pod with fields of its own; as a pod it has to be right.
service = yaml.safe_load((folder / "kserve" / "inference-service.yaml").read_text())
predictor = dict(service["spec"]["predictor"])
for field in ("minReplicas", "maxReplicas", "timeout"):
    assert isinstance(predictor.pop(field), int), field
pod = {"apiVersion": "v1", "kind": "Pod", "metadata": service["metadata"], "spec": predictor}
for version in VERSIONS:
    kubernetes_validate.validate(pod, version, strict=True)
print(f"{checked} manifests and the pod of KServe's hold against Kubernetes {', '.join(VERSIONS)}.")
