"""Two departments of one site: what each has, and who calls for it."""

import io
import json
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pydicom

from deploy.demo.files import write_npy
from deploy.demo.pathologies import Pathology
from deploy.demo.synthesis import synthesize
from tests.e2e.journey import Journey, Json
from tests.platforms import DistributedPlatform, new_api_key
from tests.servers import Server
from tests.unit.services.exchange import onnx_models

PRIVATE_CLASSES = ("confidential rhythm", "confidential block", "confidential scar")
TRACE_ID = secrets.token_hex(16)
"""The trace that the department's training belongs to."""


@dataclass(frozen=True)
class Key:
    """An API key and the id under which it is revoked."""

    key_id: str
    key: str


@dataclass(frozen=True)
class Department:
    """One department at work, and the identifiers of what it has."""

    journey: Journey
    ids: dict[str, str]
    """What stands for the placeholders of the paths."""

    @property
    def client(self) -> httpx.Client:
        """Calls with the department's key."""
        return self.journey.client


def keys(platform: DistributedPlatform, *arguments: str) -> str:
    """Run the command with which administrators manage keys, where the gateway runs; return what it printed."""
    gateway: Server = platform.processes["gateway"]
    command = [sys.executable, "-m", "gateway.keys", *arguments]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=gateway.environment)
    return ran.stdout


def new_key(platform: DistributedPlatform, tenant: str, subject: str) -> Key:
    """Make a key out to somebody of a department."""
    printed = keys(platform, "create", "--tenant", tenant, "--subject", subject)
    found = dict(re.findall(r"^(id|key) +(\S+)$", printed, re.MULTILINE))
    return Key(found["id"], found["key"])


def client_of(platform: DistributedPlatform, key: Key) -> httpx.Client:
    """Return a client with somebody's key."""
    return httpx.Client(base_url=f"{platform.url}/api/v1", headers={"Authorization": f"Bearer {key.key}"}, timeout=60)


def at_work(client: httpx.Client, folder: Path, name: str) -> Department:
    """Give a department everything there is: records, labels, a private model, and a trained one."""
    journey = Journey(client, folder)
    dataset_id = journey.dataset(f"{name}-confidential")
    journey.import_model(f"{name}-private", private_model())
    training = trained(journey, dataset_id, f"{name}-trained")
    record_id = str(journey.records(dataset_id)[0]["record_id"])
    ids = instance(journey, record_id) | {
        "dataset_id": dataset_id,
        "record_id": record_id,
        "job_id": str(journey.answer("POST", f"/datasets/{dataset_id}/measurements")["job_id"]),
        "training_id": str(training["training_id"]),
    }
    return Department(journey, ids | training["model"])


def instance(journey: Journey, record_id: str) -> dict[str, str]:
    """Store a record as a DICOM object as well, and return its identifiers."""
    dicom = journey.client.get(f"/records/{record_id}/signal", params={"format": "dicom"}).content
    dataset_id = str(journey.answer("POST", "/datasets", json={"name": "objects"})["dataset_id"])
    journey.answer("POST", f"/datasets/{dataset_id}/records", files=[("files", ("a.dcm", dicom))])
    read = pydicom.dcmread(io.BytesIO(dicom))
    return {"study": read.StudyInstanceUID, "series": read.SeriesInstanceUID, "sop": read.SOPInstanceUID}


def small(client: httpx.Client, folder: Path, name: str) -> Department:
    """Give a department one record."""
    journey = Journey(client, folder)
    dataset_id = str(journey.answer("POST", "/datasets", json={"name": name})["dataset_id"])
    (path,) = write_npy(synthesize(Pathology.NORMAL, seed=7), folder / "own.npy")
    files = [("files", (path.name, path.read_bytes()))]
    journey.answer("POST", f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=files)
    return Department(journey, {"dataset_id": dataset_id, "record_id": journey.records(dataset_id)[0]["record_id"]})


def private_model() -> bytes:
    """Return an ONNX file whose classes nobody else should read of."""
    return onnx_models.document(metadata=[("target_keys", json.dumps(PRIVATE_CLASSES))], final="Sigmoid")


def trained(journey: Journey, dataset_id: str, model_name: str) -> Json:
    """Train a model for one epoch, and return the training."""
    spec: dict[str, Any] = {
        "model_name": model_name,
        "dataset_id": dataset_id,
        "architecture": "inception_time",
        "max_epochs": 1,
        "batch_size": 8,
        "learning_rate": 0.001,
        "rate_hz": 50,
    }
    parent = {"traceparent": f"00-{TRACE_ID}-{secrets.token_hex(8)}-01"}
    training_id = str(journey.answer("POST", "/trainings", json=spec, headers=parent)["training_id"])
    training = journey.ended(training_id)
    assert training["state"] == "succeeded", training["error"]
    return training


def unknown_key() -> str:
    """Return a well-formed key that nobody has made out."""
    return new_api_key()
