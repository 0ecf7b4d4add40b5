import re
from typing import Any, Final

import pytest
import yaml

from services.shared.settings import load
from tests.architecture.chart import COMPONENTS, settings_of
from tests.architecture.tree import ROOT

FILE: Final = ROOT / "deploy/compose/compose.yaml"
BOOTSTRAP_KEY: Final = "EINTHOVEN_GATEWAY_BOOTSTRAP_KEY"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"])


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_settings_of_a_component_take_exactly_what_compose_gives(
    services: dict[str, Any], component: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {key: re.sub(r"\$\{\w+:\?\}", "0" * 32, value) for key, value in services[component]["environment"].items()}
    given.pop(BOOTSTRAP_KEY, None)
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    kind = settings_of(component)

    assert isinstance(load(kind), kind)
    assert all(key.startswith(str(kind.model_config["env_prefix"])) for key in given)


@pytest.mark.parametrize("component", COMPONENTS)
def test_no_component_can_write_or_gain_rights(services: dict[str, Any], component: str) -> None:
    service = services[component]

    assert service["read_only"] is True
    assert (service["user"], service["cap_drop"]) == ("10001:10001", ["ALL"])


def test_every_variable_is_in_the_example(services: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{(\w+):\?\}", FILE.read_text(encoding="utf-8")))
    example = (FILE.parent / "example.env").read_text(encoding="utf-8")

    assert {name for name in used if f"\n{name}=" not in f"\n{example}"} == set()
