"""Replicas of inference share what is asked, and one that is killed takes no call with it."""

import time

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Namespace, name_of, until
from tests.cluster.load import Load, Target, predict, predict_file
from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

CALLS = (predict, predict, predict_file, predict_file)
LOAD_SECONDS = 6.0
FAIR_SHARE = 0.15
"""Of all requests, for each of three replicas."""
READ_METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())"


def _requests(namespace: Namespace, pod: str) -> float:
    """Return how many requests a replica of inference has run since it started."""
    lines = namespace.python(pod, READ_METRICS).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("einthoven_inference_requests_total{"))


def test_three_replicas_share_the_load(release: Release, target: Target, figures: Figures) -> None:
    pods = [name_of(pod) for pod in release.pods("inference")]
    before = {pod: _requests(release.namespace, pod) for pod in pods}
    with Load(target, CALLS, every_s=0.1) as load:
        time.sleep(LOAD_SECONDS)
    run = {pod: _requests(release.namespace, pod) - before[pod] for pod in pods}
    shares = [count / sum(run.values()) for count in run.values()]
    figures.remarks.append(f"three replicas of inference ran {', '.join(f'{share:.0%}' for share in sorted(shares))}")

    assert not load.failed(), load.told()
    assert len(pods) == 3
    assert min(shares) >= FAIR_SHARE


def test_a_killed_replica_takes_no_call_with_it(release: Release, target: Target, figures: Figures) -> None:
    victim = name_of(release.pods("inference")[0])
    with Load(target, CALLS, every_s=0.1) as load:
        time.sleep(2)
        release.namespace.kubectl("delete", "pod", victim, "--now")
        until("inference has three ready replicas again", lambda: len(release.pods("inference")) == 3)
        until("all are ready", release.all_ready)
    figures.remarks.append(f"a replica of inference killed: {load.summary()}")

    assert not load.failed(), load.told()
