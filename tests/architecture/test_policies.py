from pathlib import Path

import pytest

from tests.architecture import chart, policies

pytestmark = pytest.mark.skipif(not policies.CHECKOV.exists(), reason="checkov is not installed: `make check` does.")


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[policies.Finding]:
    folder = tmp_path_factory.mktemp("manifests")
    sets = {"least": chart.LEAST, "everything": chart.EVERYTHING, "evaluation": chart.EVALUATION, "local": chart.LOCAL}
    for name, values in sets.items():
        rendering = chart.render(values, tmp_path_factory.mktemp(name))
        jobs = [] if name == "local" else [chart.worker_job(rendering)]
        policies.write([*rendering.objects, *jobs], folder / f"{name}.yaml")
    return list(policies.findings(folder))


def test_checkov_finds_nothing_that_is_not_answered(findings: list[policies.Finding]) -> None:
    assert sorted({f"{each.check} {each.name}: {each.resource}" for each in findings if not each.answered}) == []


def test_every_answer_is_to_a_finding(findings: list[policies.Finding]) -> None:
    assert set(policies.ANSWERS) - {each.check for each in findings} == set()


def test_a_manifest_that_checkov_cannot_read_is_seen(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("kind: [", encoding="utf-8")

    assert [each.check for each in policies.findings(tmp_path)] == ["unread"]
