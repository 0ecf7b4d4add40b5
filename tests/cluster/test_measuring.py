"""A dataset is measured by processes of their own within the walls of a pod."""

from pathlib import Path

import pytest

from tests.cluster.release import Release
from tests.e2e.journey import ECGS_PER_KIND, KINDS, Journey

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]


def test_a_dataset_is_measured_in_the_pods(release: Release, tmp_path: Path) -> None:
    with release.client() as client:
        journey = Journey(client, tmp_path)
        dataset_id = journey.dataset("measured on the cluster")
        job, lines = journey.measure(dataset_id)
        journey.answer("DELETE", f"/datasets/{dataset_id}")

    assert (job["state"], job["done"], job["refused"]) == ("succeeded", ECGS_PER_KIND * len(KINDS), 0), job
    assert "qrs_duration_ms" in lines[0]
    assert len(lines) == job["records"] + 1
