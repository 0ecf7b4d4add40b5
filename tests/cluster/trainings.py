"""Trainings on a cluster: asked for through the NodePort, their Jobs and pods looked at through the API."""

import io
import secrets
from dataclasses import dataclass
from typing import Any, Final

import httpx
import numpy as np

from tests.cluster.kubernetes import Json, Namespace, name_of, until
from tests.cluster.release import Release

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
RECORDS: Final = 48
RATE_HZ: Final = 100
SAMPLES: Final = 1000
STARTS_SECONDS: Final = 120
ENDS_SECONDS: Final = 400
_TRAINING: Final = "einthoven/training"


@dataclass(frozen=True)
class Trainings:
    """A department that trains."""

    client: httpx.Client
    release: Release
    dataset_id: str

    @property
    def namespace(self) -> Namespace:
        """Where the platform is."""
        return self.release.namespace

    def ask(self, **more: Any) -> str:
        """Ask for a small training and return its identifier."""
        spec = {
            "model_name": f"m-{secrets.token_hex(4)}",
            "dataset_id": self.dataset_id,
            "architecture": "xception_time",
            "rate_hz": 50,
            "max_epochs": 2,
            "batch_size": 8,
            "learning_rate": 0.01,
            "seed": 7,
        }
        return str(self._answer("POST", "/trainings", json=spec | more)["training_id"])

    def get(self, training_id: str) -> Json:
        """Return a training."""
        return self._answer("GET", f"/trainings/{training_id}")

    def answers(self, training_id: str) -> bool:
        """Say whether the trainer can be asked of a training."""
        return self.client.get(f"/trainings/{training_id}").is_success

    def cancel(self, training_id: str) -> None:
        """Cancel a training."""
        self._answer("DELETE", f"/trainings/{training_id}")

    def reach(self, training_id: str, what: str, *, seconds: float = STARTS_SECONDS, **fields: Any) -> Json:
        """Return a training once its fields are as given; epochs are at least as many."""

        def there() -> bool:
            found = self.get(training_id)
            assert found["state"] not in ENDED or fields.get("state") == found["state"], found
            epochs = fields.get("epochs_done", 0)
            rest = {name: value for name, value in fields.items() if name != "epochs_done"}
            return found["epochs_done"] >= epochs and all(found[name] == value for name, value in rest.items())

        until(what, there, seconds)
        return self.get(training_id)

    def succeed(self, training_id: str) -> Json:
        """Return a training once it has succeeded."""
        return self.reach(training_id, "the training's success", seconds=ENDS_SECONDS, state="succeeded")

    def jobs(self, training_id: str) -> list[Json]:
        """Return the Jobs of a training."""
        return self.namespace.objects("jobs", "--selector", f"{_TRAINING}={training_id}")

    def pods(self, training_id: str) -> list[Json]:
        """Return the pods of a training, in the order of their numbers."""
        return sorted(self.namespace.objects("pods", "--selector", f"{_TRAINING}={training_id}"), key=name_of)

    def is_gone(self, training_id: str) -> bool:
        """Say whether the cluster has nothing of a training any more."""
        return not self.jobs(training_id) and not self.pods(training_id)

    def epochs(self, training_id: str) -> list[Json]:
        """Return the figures of every epoch of a training that has succeeded, as its report has them."""
        return list(self._answer("GET", f"/trainings/{training_id}/report")["epochs"])

    def onnx(self, training: Json) -> bytes:
        """Return the model that a training made."""
        model = training["model"]
        return self.client.get(f"/models/{model['name']}/{model['version']}/onnx").raise_for_status().content

    def _answer(self, method: str, path: str, **request: Any) -> Json:
        response = self.client.request(method, path, **request)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return dict(response.json()) if response.content else {}


def department(client: httpx.Client, release: Release) -> Trainings:
    """Return a department with a dataset whose two classes differ by the sign of lead I."""
    made = client.post("/datasets", json={"name": f"train-{secrets.token_hex(3)}"}).raise_for_status().json()
    path, random = f"/datasets/{made['dataset_id']}", np.random.default_rng(3)
    names = [f"ecg-{number:02}-{'up' if number % 2 else 'down'}.npy" for number in range(RECORDS)]
    parts = [("files", (name, _ecg(random, 1 if "up" in name else -1), "application/octet-stream")) for name in names]
    client.post(f"{path}/records", data={"sampling_rate_hz": str(RATE_HZ)}, files=parts).raise_for_status()
    rows = "".join(f"{name},{name[7:-4]}\n" for name in names)
    csv = f"file_name,label\n{rows}".encode()
    client.put(f"{path}/labels", content=csv, headers={"Content-Type": "text/csv"}).raise_for_status()
    return Trainings(client, release, made["dataset_id"])


def _ecg(random: np.random.Generator, sign: int) -> bytes:
    signal = np.cumsum(random.normal(0, 0.02, (12, SAMPLES)), axis=1)
    signal[0] += sign * np.sin(np.linspace(0, 60, SAMPLES)) ** 20
    signal[2] = signal[1] - signal[0]
    signal[3], signal[4], signal[5] = -(signal[0] + signal[1]) / 2, signal[0] - signal[1] / 2, signal[1] - signal[0] / 2
    buffer = io.BytesIO()
    np.save(buffer, signal.astype(np.float32))
    return buffer.getvalue()
