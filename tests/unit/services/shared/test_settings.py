"""Reading settings."""

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from services.shared.errors import InvalidRequest
from services.shared.settings import ServiceSettings, load


class FakeSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_FAKE_")

    peer_address: str = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_FAKE_STORAGE__FOLDER", "/data")
    monkeypatch.setenv("EINTHOVEN_FAKE_DATABASE__URL", "sqlite+aiosqlite:///x.sqlite")
    monkeypatch.setenv("EINTHOVEN_FAKE_IDENTITY__SECRET", "s" * 32)


def test_nested_settings_come_from_the_environment() -> None:
    settings = load(FakeSettings)

    assert settings.storage.folder == Path("/data")


def test_an_unknown_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_FAKE_PEER_ADRESS", "x")

    with pytest.raises(InvalidRequest, match="EINTHOVEN_FAKE_PEER_ADRESS"):
        load(FakeSettings)


def test_an_unknown_nested_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_FAKE_STORAGE__BUCKETS", "x")

    with pytest.raises(InvalidRequest, match="STORAGE__BUCKETS"):
        load(FakeSettings)


def test_a_contradiction_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_FAKE_STORAGE__KIND", "s3")

    with pytest.raises(InvalidRequest, match="needs endpoint, access_key and secret_key"):
        load(FakeSettings)


def test_a_short_secret_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_FAKE_IDENTITY__SECRET", "hunter2")

    with pytest.raises(InvalidRequest) as caught:
        load(FakeSettings)

    assert "32 bytes" in caught.value.detail
    assert "hunter2" not in caught.value.detail


def test_settings_are_frozen() -> None:
    settings = load(FakeSettings)

    with pytest.raises(ValueError, match="frozen"):
        settings.peer_address = "other"  # type: ignore[misc]
