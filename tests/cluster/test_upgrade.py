"""Another build replaces this one, and is taken back, while people upload, look and predict: no call fails."""

import time

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Json, name_of, until
from tests.cluster.load import Load, Target, predict, predict_file, upload, view
from tests.cluster.release import DEPLOYABLES, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CALLS = (upload, upload, predict, predict_file, view)
EVERY_SECONDS = 0.5
MARGIN_SECONDS = 3.0


def _tags(release: Release) -> set[str]:
    """Return the tags that the deployables' pods run; those that leave are gone before a build has been replaced."""
    pods: list[Json] = [pod for component in DEPLOYABLES for pod in release.pods(component)]
    return {str(pod["spec"]["containers"][0]["image"]).rpartition(":")[2] for pod in pods}


def _nobody_leaves(release: Release) -> bool:
    selector = f"app.kubernetes.io/instance={release.name}"
    pods = release.namespace.objects("pods", "--selector", selector)
    return not any("deletionTimestamp" in pod["metadata"] for pod in pods)


def test_an_upgrade_fails_no_call_and_changes_no_secret(release: Release, target: Target, figures: Figures) -> None:
    secrets = release.secrets()
    with Load(target, CALLS, every_s=EVERY_SECONDS) as load:
        time.sleep(MARGIN_SECONDS)
        with figures.step("upgrade under load"):
            release.upgrade(release.settings.next_tag)
        until("the pods of the first build have left", lambda: _nobody_leaves(release))
        time.sleep(MARGIN_SECONDS)
    figures.row("upgrade_failed_requests", len(load.failed()), "requests", at_most=0)
    figures.remarks.append(f"upgrade: {load.summary()}")

    assert not load.failed(), load.told()
    assert _tags(release) == {release.settings.next_tag}
    assert {name: data for name, data in release.secrets().items() if name in secrets} == secrets


def test_a_rollback_fails_no_call_and_changes_no_secret(release: Release, target: Target, figures: Figures) -> None:
    secrets = release.secrets()
    restarted = {name_of(pod) for pod in release.pods()}
    with Load(target, CALLS, every_s=EVERY_SECONDS) as load:
        time.sleep(MARGIN_SECONDS)
        with figures.step("rollback under load"):
            release.rollback()
        until("the pods of the second build have left", lambda: _nobody_leaves(release))
        time.sleep(MARGIN_SECONDS)
    figures.row("rollback_failed_requests", len(load.failed()), "requests", at_most=0)
    figures.remarks.append(f"rollback: {load.summary()}")

    assert not load.failed(), load.told()
    assert _tags(release) == {release.settings.tag}
    assert restarted - {name_of(pod) for pod in release.pods()}
    assert {name: data for name, data in release.secrets().items() if name in secrets} == secrets
