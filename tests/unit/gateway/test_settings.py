"""What the gateway refuses to be configured with."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings, is_loopback
from gateway.tokens import new_api_key
from services.shared.errors import InvalidRequest
from services.shared.settings import load
from tests.unit.gateway.conftest import settings_of

ENVIRONMENT = {
    "DATABASE__URL": "sqlite:///gateway.db",
    "IDENTITY__SECRET": "s" * 32,
    **{
        f"PEERS__{name}_ADDRESS": "127.0.0.1:1"
        for name in ("INGEST", "SIGNAL_ANALYSIS", "INFERENCE", "TRAINER", "EXCHANGE")
    },
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(f"EINTHOVEN_GATEWAY_{name}", value)
    return monkeypatch


def test_the_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EINTHOVEN_GATEWAY_LIMITS__BURST", "7")

    settings = load(GatewaySettings)

    assert (settings.limits.burst, settings.host, settings.authentication) == (7, "127.0.0.1", "local")


def test_an_unknown_key_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EINTHOVEN_GATEWAY_AUTHENTIFICATION", "none")

    with pytest.raises(InvalidRequest, match="AUTHENTIFICATION"):
        load(GatewaySettings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "einthoven.hospital.example"])  # noqa: S104 the refusal
def test_everyone_is_let_in_on_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValidationError, match="loopback only"):
        settings_of(tmp_path, "127.0.0.1:1", host=host)

    assert settings_of(tmp_path, "127.0.0.1:1", host=host, authentication="api_keys").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.7"])
def test_loopback_is_known_by_all_its_names(host: str) -> None:
    assert is_loopback(host)


def test_a_bootstrap_key_must_be_one_that_was_made(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"gateway\.keys new"):
        settings_of(tmp_path, "127.0.0.1:1", authentication="api_keys", bootstrap_key="secret")


def test_a_bootstrap_key_without_keys_is_a_contradiction(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="api_keys"):
        settings_of(tmp_path, "127.0.0.1:1", bootstrap_key=new_api_key())


def test_a_key_is_not_shown_by_the_settings(tmp_path: Path) -> None:
    key = new_api_key()

    settings = settings_of(tmp_path, "127.0.0.1:1", authentication="api_keys", bootstrap_key=key)

    assert key not in repr(settings)
