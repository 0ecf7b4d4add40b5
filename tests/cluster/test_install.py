"""On the empty cluster: everything comes up by one command, under the strictest rules, and does the main job."""

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import CommandFailed, Json, Namespace, name_of, ready
from tests.cluster.release import BUNDLED, DEPLOYABLES, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

PRIVILEGED = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "privileged"},
    "spec": {"containers": [{"name": "any", "image": "any", "securityContext": {"privileged": True}}]},
}


def _restarts(pod: Json) -> int:
    return sum(int(status["restartCount"]) for status in pod["status"]["containerStatuses"])


def test_every_pod_is_ready_and_none_had_to_start_twice(release: Release) -> None:
    pods = release.pods()

    assert {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods} == {*DEPLOYABLES, *BUNDLED}
    assert [name_of(pod) for pod in pods if not ready(pod)] == []
    assert {name_of(pod): _restarts(pod) for pod in pods if _restarts(pod)} == {}


def test_the_namespace_takes_restricted_pods_only(release: Release, namespace: Namespace) -> None:
    labels = namespace.get("namespace", namespace.name)["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    with pytest.raises(CommandFailed, match="violates PodSecurity"):
        namespace.kubectl("create", "--filename", "-", stdin=PRIVILEGED)


def test_only_the_trainer_is_given_a_token_of_the_cluster(release: Release) -> None:
    given = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in release.pods()
        for container in pod["spec"]["containers"]
        for mount in container.get("volumeMounts", ())
        if mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    }

    assert given == {"trainer"}


def test_the_charts_own_test_does_the_main_job(release: Release, namespace: Namespace, figures: Figures) -> None:
    with figures.step("helm test"):
        told = namespace.helm("test", release.name, "--timeout", "600s")

    assert "Phase:          Succeeded" in told
