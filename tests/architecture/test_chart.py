import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic_settings import BaseSettings

from services.shared.settings import load, load_migration
from services.trainer.settings import WorkerSettings
from tests.architecture import chart, flows
from tests.architecture.tree import ROOT, tool

pytestmark = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")

KEEPERS: Final = ("gateway", "ingest", "signal-analysis", "trainer", "exchange")
"""Who keeps rows, in the order in which their tables are brought up to date."""


VALUES: Final[dict[str, dict[str, Any]]] = {
    "least": chart.LEAST,
    "everything": chart.EVERYTHING,
    "evaluation": chart.EVALUATION,
    "local": chart.LOCAL,
}


@pytest.fixture(scope="module")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, chart.Rendering]:
    return {name: chart.render(values, tmp_path_factory.mktemp(name)) for name, values in VALUES.items()}


@pytest.fixture
def least(renderings: dict[str, chart.Rendering]) -> chart.Rendering:
    return renderings["least"]


@pytest.fixture
def everything(renderings: dict[str, chart.Rendering]) -> chart.Rendering:
    return renderings["everything"]


@pytest.fixture
def evaluation(renderings: dict[str, chart.Rendering]) -> chart.Rendering:
    return renderings["evaluation"]


@pytest.fixture
def local(renderings: dict[str, chart.Rendering]) -> chart.Rendering:
    return renderings["local"]


@pytest.mark.parametrize("values", VALUES)
def test_lint_has_nothing_to_say(renderings: dict[str, chart.Rendering], values: str) -> None:
    rendering = renderings[values]

    assert rendering.error is None
    assert [each for each in rendering.lint if "icon" not in str(each)] == []


@pytest.mark.parametrize("version", chart.KUBERNETES)
@pytest.mark.parametrize("values", VALUES)
def test_every_object_is_valid(renderings: dict[str, chart.Rendering], values: str, version: str) -> None:
    rendering = renderings[values]
    jobs = [chart.worker_job(rendering)] if values != "local" else []

    assert list(chart.invalid([*rendering.objects, *jobs], version)) == []


@pytest.mark.parametrize("component", chart.COMPONENTS)
def test_every_component_has_the_same_objects(everything: chart.Rendering, component: str) -> None:
    assert {kind for kind in chart.FURNITURE if everything.one(kind, component)} == chart.FURNITURE


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_fits_the_restricted_profile(renderings: dict[str, chart.Rendering], values: str) -> None:
    pods = dict(chart.pods(renderings[values]))

    assert {name: list(chart.unrestricted(pod)) for name, pod in pods.items()} == {name: [] for name in pods}
    assert [name for name, pod in pods.items() if pod["automountServiceAccountToken"]] == (
        [] if values == "local" else ["Deployment einthoven-trainer"]
    )


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_comes_from_the_registry_and_with_its_credentials(
    renderings: dict[str, chart.Rendering], values: str
) -> None:
    secrets = VALUES[values].get("image", {}).get("pullSecrets", [])

    for name, pod in chart.pods(renderings[values]):
        assert [each["name"] for each in pod.get("imagePullSecrets", [])] == secrets, name


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("component", chart.COMPONENTS)
def test_the_settings_of_a_component_take_exactly_what_the_chart_gives(
    renderings: dict[str, chart.Rendering], values: str, component: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = chart.environment(renderings[values], component)

    _take(chart.settings_of(component), given, monkeypatch)


@pytest.mark.parametrize("values", [name for name in VALUES if name != "local"])
def test_the_settings_of_a_worker_take_exactly_what_its_job_gives(
    renderings: dict[str, chart.Rendering], values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (container,) = chart.worker_job(renderings[values])["spec"]["template"]["spec"]["containers"]

    _take(WorkerSettings, chart.entries(container), monkeypatch)


@pytest.mark.parametrize("values", VALUES)
def test_the_migrations_of_every_component_with_rows_are_given_its_database(
    renderings: dict[str, chart.Rendering], values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = (each for each in renderings[values].objects if each["kind"] == "Job")
    pod = job["spec"]["template"]["spec"]
    containers = [*pod["initContainers"], *pod["containers"]]

    assert [(each["name"], each["args"]) for each in containers] == [(name, ["migrate"]) for name in KEEPERS]
    for container in containers:
        given = chart.entries(container)
        for key, value in given.items():
            monkeypatch.setenv(key, value)
        settings = load_migration(container["name"].replace("-", "_"))
        assert len(given) == len(settings.database.model_fields_set)


def _take(kind: type[BaseSettings], given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    assert isinstance(load(kind), kind)
    assert all(key.startswith(str(kind.model_config["env_prefix"])) for key in given)


def test_a_pod_has_time_to_leave_and_to_drain(everything: chart.Rendering) -> None:
    grace = {
        component: everything.one("Deployment", component)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        for component in ("gateway", "ingest", "exchange", chart.RECEIVER)
    }

    assert grace == {"gateway": 40, "ingest": 30, "exchange": 40, chart.RECEIVER: 40}


def test_pods_are_replaced_for_their_own_settings_only(least: chart.Rendering, tmp_path: Path) -> None:
    newer = shutil.copytree(chart.CHART, tmp_path / "chart")
    about = (newer / "Chart.yaml").read_text(encoding="utf-8")
    (newer / "Chart.yaml").write_text(about.replace("\nversion: ", "\nversion: 9"), encoding="utf-8")
    values = {**chart.LEAST, "image": {"tag": "0.1.0"}, "ingest": {"settings": {"TELEMETRY__LOG_LEVEL": "debug"}}}

    upgraded = chart.render(values, tmp_path, newer, revision=2)

    assert [each for each in chart.COMPONENTS if _pod(upgraded, each) != _pod(least, each)] == ["ingest"]


def _pod(rendering: chart.Rendering, component: str) -> Any:
    return rendering.one("Deployment", component)["spec"]["template"]


def test_secrets_that_are_generated_replace_no_pod(evaluation: chart.Rendering, tmp_path: Path) -> None:
    again = chart.render(chart.EVALUATION, tmp_path)

    assert evaluation.one("Secret", "secret")["data"] != again.one("Secret", "secret")["data"]
    assert [_pod(again, each) for each in chart.COMPONENTS] == [_pod(evaluation, each) for each in chart.COMPONENTS]


def test_the_secret_has_every_key_that_is_asked_for(evaluation: chart.Rendering, everything: chart.Rendering) -> None:
    for rendering in (evaluation, everything):
        made = {
            (each["metadata"]["name"], key)
            for each in rendering.objects
            if each["kind"] == "Secret"
            for key in each["data"]
        }
        asked = {
            (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
            for _, pod in chart.pods(rendering)
            for container in [*pod.get("initContainers", ()), *pod["containers"]]
            for entry in container["env"]
            if "secretKeyRef" in entry.get("valueFrom", {})
        }
        assert asked - made == set()


def test_a_given_secret_is_not_made_again(least: chart.Rendering) -> None:
    assert [each for each in least.objects if each["kind"] == "Secret"] == []


def test_migrations_come_first_where_the_database_is_given(least: chart.Rendering, everything: chart.Rendering) -> None:
    assert least.named("Job", "migrations")["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    hooked = [each for each in everything.objects if each["metadata"]["name"] == "einthoven-migrations"]
    assert {each["kind"] for each in hooked} == {"Job", "Secret", "NetworkPolicy"}
    assert all("hook-succeeded" in each["metadata"]["annotations"]["helm.sh/hook-delete-policy"] for each in hooked)


def test_migrations_stand_beside_a_bundled_database_at_first(evaluation: chart.Rendering, tmp_path: Path) -> None:
    upgrade = chart.render(chart.EVALUATION, tmp_path, revision=2)

    assert "annotations" not in evaluation.named("Job", "migrations-1")["metadata"]
    assert "helm.sh/hook" in upgrade.named("Job", "migrations")["metadata"]["annotations"]


def test_an_evaluation_is_warned_of(least: chart.Rendering, evaluation: chart.Rendering) -> None:
    assert "FOR AN EVALUATION ONLY: this release brings its own nats, postgres, s3." in evaluation.notes
    assert "EVALUATION" not in least.notes


def test_figures_of_the_queue_are_used_where_the_cluster_has_them(everything: chart.Rendering, tmp_path: Path) -> None:
    without = chart.render({**chart.LEAST, "inference": {"autoscaling": {"enabled": True}}}, tmp_path)

    kinds = [each["type"] for each in everything.one("HorizontalPodAutoscaler", "inference")["spec"]["metrics"]]
    assert kinds == ["Resource", "Pods", "External"]
    assert len(without.one("HorizontalPodAutoscaler", "inference")["spec"]["metrics"]) == 1
    assert "replicas" not in without.one("Deployment", "inference")["spec"]


def test_whoever_serves_goes_before_trainings(everything: chart.Rendering) -> None:
    classes = {each["metadata"]["name"]: each for each in everything.objects if each["kind"] == "PriorityClass"}
    serving = classes[_pod(everything, "inference")["spec"]["priorityClassName"]]
    training = classes[chart.worker_job(everything)["spec"]["template"]["spec"]["priorityClassName"]]

    assert serving["value"] > training["value"]
    assert training["preemptionPolicy"] == "Never"


def test_every_way_is_open_at_both_ends_and_drawn(evaluation: chart.Rendering, tmp_path: Path) -> None:
    drawn = set(flows.drawn((ROOT / "docs/architecture.md").read_text(encoding="utf-8")))
    receiving = chart.render({**chart.EVALUATION, **chart.RECEIVING}, tmp_path)

    assert set(flows.outgoing(receiving.objects)) == drawn
    assert set(flows.incoming(receiving.objects)) == drawn
    assert drawn - set(flows.outgoing(evaluation.objects)) == {(chart.RECEIVER, "ingest")}
    assert drawn - set(flows.incoming(evaluation.objects)) == {(chart.RECEIVER, "ingest")}


def test_every_pod_is_closed_at_first(evaluation: chart.Rendering, local: chart.Rendering) -> None:
    spec = evaluation.named("NetworkPolicy", "default-deny")["spec"]

    assert set(spec) == {"podSelector", "policyTypes"}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [each for each in local.objects if each["kind"] == "NetworkPolicy"] == []


def test_given_servers_are_reached_on_the_ports_of_their_addresses(least: chart.Rendering) -> None:
    outwards = [rule["ports"] for rule in least.one("NetworkPolicy", "exchange")["spec"]["egress"] if "to" not in rule]

    assert [[port["port"] for port in ports] for ports in outwards] == [[9000], [4222], [5432]]


def test_the_trainer_may_do_nothing_but_run_jobs(least: chart.Rendering, local: chart.Rendering) -> None:
    rules = {(rule["resources"][0], *rule["verbs"]) for rule in least.one("Role", "trainer")["rules"]}

    assert rules == {("jobs", "create", "list", "delete"), ("pods", "list")}
    assert [each["kind"] for each in local.objects if each["kind"].startswith(("Role", "ClusterRole"))] == []


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({**chart.LEAST, "storag": {}}, "storag"),
        ({**chart.LEAST, "ingest": {"replica": 3}}, "replica"),
        ({**chart.LEAST, "storage": {"endpoint": "https://s3"}}, "endpoint"),
        ({**chart.LEAST, "nats": {}}, "nats.url: where your NATS answers"),
        ({key: chart.LEAST[key] for key in ("storage", "nats")}, "secret.storageAccessKey"),
        ({**chart.LEAST, "bundled": {"nats": {"enabled": True}}}, "nats.url and bundled.nats.enabled"),
        ({**chart.LEAST, "httpRoute": {"enabled": True}}, "httpRoute.parentRefs"),
        ({**chart.LEAST, "priorityClasses": {"create": True, "serving": "high"}}, "priorityClasses.create"),
        ({**chart.LEAST, "ingest": {"autoscaling": {"enabled": True, "minReplicas": 9}}}, "ingest.autoscaling"),
        ({**chart.LEAST, "gateway": {"service": {"type": "Anything"}}}, "type"),
    ],
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    refused = chart.render(values, tmp_path)

    assert complaint in str(refused.error) + str(refused.lint)


def test_the_readme_tells_every_value() -> None:
    ran = tool("python", chart.CHART.parent / "generate_readme.py", "--check")

    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_value_that_is_not_described_is_seen(tmp_path: Path) -> None:
    copy = shutil.copytree(chart.CHART.parent, tmp_path / "helm")
    values = copy / "einthoven/values.yaml"
    values.write_text(
        values.read_text(encoding="utf-8").replace("  bucket: ", "  pail: 1\n  bucket: "), encoding="utf-8"
    )

    ran = tool("python", copy / "generate_readme.py", "--check")

    assert "storage.pail" in ran.stderr
