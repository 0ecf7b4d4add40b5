import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.shared.settings import load
from tests.architecture import chart

pytestmark = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> chart.Rendering:
    return chart.render(chart.LEAST, tmp_path_factory.mktemp("least"))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> chart.Rendering:
    return chart.render(chart.EVERYTHING, tmp_path_factory.mktemp("everything"))


def test_lint_has_nothing_to_say(least: chart.Rendering, everything: chart.Rendering) -> None:
    assert (least.error, everything.error) == (None, None)
    assert [each for each in (*least.lint, *everything.lint) if "icon" not in str(each)] == []


@pytest.mark.parametrize("version", chart.KUBERNETES)
def test_every_object_is_valid(least: chart.Rendering, everything: chart.Rendering, version: str) -> None:
    assert list(chart.invalid([*least.objects, *everything.objects], version)) == []


@pytest.mark.parametrize("component", chart.COMPONENTS)
def test_every_component_has_the_same_objects(least: chart.Rendering, component: str) -> None:
    assert {kind for kind in chart.KINDS if least.one(kind, component)} == chart.KINDS


@pytest.mark.parametrize("component", chart.COMPONENTS)
def test_every_pod_fits_the_restricted_profile(everything: chart.Rendering, component: str) -> None:
    pod = everything.one("Deployment", component)["spec"]["template"]["spec"]

    assert list(chart.unrestricted(pod)) == []
    assert pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize("values", ["least", "everything"])
@pytest.mark.parametrize("component", chart.COMPONENTS)
def test_the_settings_of_a_component_take_exactly_what_the_chart_gives(
    values: str, component: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = chart.environment(request.getfixturevalue(values), component)
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    kind = chart.settings_of(component)

    assert isinstance(load(kind), kind)
    assert all(key.startswith(str(kind.model_config["env_prefix"])) for key in given)


def test_a_component_is_reached_by_those_who_call_it_only(least: chart.Rendering) -> None:
    rules = least.one("NetworkPolicy", "exchange")["spec"]["ingress"]

    callers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rules[0]["from"]]

    assert callers == ["gateway", "inference", "trainer"]


def test_the_identity_secret_is_generated_where_none_is_given(everything: chart.Rendering) -> None:
    (secret,) = (each for each in everything.objects if each["kind"] == "Secret")

    assert len(secret["data"]["identity-secret"]) >= 64


def test_a_given_secret_is_not_made_again(least: chart.Rendering) -> None:
    assert [each for each in least.objects if each["kind"] == "Secret"] == []


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({**chart.LEAST, "storag": {}}, "storag"),
        ({**chart.LEAST, "ingest": {"replica": 3}}, "replica"),
        ({**chart.LEAST, "storage": {"endpoint": "https://s3"}}, "endpoint"),
        ({**chart.LEAST, "nats": {}}, "nats.url: where your NATS answers"),
        ({key: chart.LEAST[key] for key in ("storage", "nats")}, "secret.storageAccessKey"),
    ],
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    refused = chart.render(values, tmp_path)

    assert complaint in str(refused.error) + str(refused.lint)


def test_the_schema_describes_every_value() -> None:
    schema = json.loads((chart.CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text(encoding="utf-8"))

    assert [path for path, part in _parts(schema, schema, values) if not part.get("description")] == []


def _parts(schema: dict[str, Any], part: dict[str, Any], values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of values.yaml with the part of the schema that speaks of it."""
    if path:
        yield path, part
    for reference in part.get("allOf", ()):
        part = {**schema["definitions"][reference["$ref"].rpartition("/")[2]], "description": part["description"]}
    for key, value in values.items() if isinstance(values, dict) and "properties" in part else ():
        yield from _parts(schema, part["properties"].get(key, {}), value, f"{path}.{key}".lstrip("."))
