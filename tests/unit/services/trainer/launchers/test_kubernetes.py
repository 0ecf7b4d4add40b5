"""What the launcher does where the cluster does not answer; what it does on one, tests/cluster shows."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from services.shared.errors import InvalidRequest, Unavailable
from services.trainer.launchers.kubernetes import KubernetesLauncher, _check, _service_account
from services.trainer.ports import Workers
from services.trainer.settings import KubernetesSettings
from services.trainer.trainings import Training, TrainingSpec

FILE = Path(__file__).parent / "job.yaml"


def settings(folder: Path, **others: object) -> KubernetesSettings:
    access = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(access))
    given = {"job_template_file": FILE, "namespace": "n", "subdomain": "s", "kubeconfig": folder / "kubeconfig"}
    return KubernetesSettings.model_validate(given | others)


async def test_a_cluster_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    launcher = KubernetesLauncher(settings(tmp_path))
    now = datetime.now(UTC)
    training = Training("t", "c", "k", TrainingSpec("m", "d"), "queued", now, now, launches=1)

    for call in (
        launcher.workers(),
        launcher.launch(training),
        launcher.remove(Workers("j", "t", 1, "done")),
    ):
        with pytest.raises(Unavailable, match="does not answer"):
            await call
    await launcher.close()


async def test_outside_a_cluster_there_are_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    launcher = KubernetesLauncher(settings(tmp_path, kubeconfig=None))

    with pytest.raises(Unavailable, match="no credentials"):
        await launcher.workers()
    await launcher.close()


def test_a_template_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="Job template"):
        KubernetesLauncher(settings(tmp_path, job_template_file=tmp_path / "none"))


def test_a_refusal_is_told_in_the_clusters_words() -> None:
    with pytest.raises(Unavailable, match=r"make a job \(403\): exceeded quota"):
        _check(403, {"message": "exceeded\n  quota"}, "make a job")


def test_jobs_belong_to_the_service_account_that_the_token_names(tmp_path: Path) -> None:
    claims = {"kubernetes.io": {"serviceaccount": {"name": "heart-trainer", "uid": "u-1"}}}
    head, body = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (
        {"alg": "RS256", "typ": "JWT"}, claims,
    ))  # fmt: skip
    (tmp_path / "token").write_text(f"{head}.{body}.c2ln")

    owner = _service_account(tmp_path / "token")

    assert owner == {"apiVersion": "v1", "kind": "ServiceAccount", "name": "heart-trainer", "uid": "u-1"}
    with pytest.raises(Unavailable, match="cannot be told"):
        _service_account(tmp_path / "none")
