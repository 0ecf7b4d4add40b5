"""How long a pod takes from being scheduled to being ready, with its image on the node."""

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import name_of, ready, start_seconds, until
from tests.cluster.release import DEPLOYABLES, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

GOAL_SECONDS = 10.0


@pytest.mark.parametrize("component", DEPLOYABLES)
def test_a_new_pod_is_ready_soon(release: Release, figures: Figures, component: str) -> None:
    before = {name_of(pod) for pod in release.pods(component)}
    release.namespace.kubectl("delete", "pod", min(before), "--wait=true")
    until(f"{component} has as many ready pods as before", lambda: _whole_again(release, component, len(before)))

    (new,) = [pod for pod in release.pods(component) if name_of(pod) not in before]
    seconds = start_seconds(new)
    figures.row(f"cold_start_{component.replace('-', '_')}_s", seconds, "s", at_most=GOAL_SECONDS)
    assert seconds <= GOAL_SECONDS


def _whole_again(release: Release, component: str, count: int) -> bool:
    pods = release.pods(component)
    return len(pods) == count and all(ready(pod) for pod in pods)
