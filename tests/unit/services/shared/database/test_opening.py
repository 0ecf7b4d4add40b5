from pathlib import Path

import pytest

from services.shared.database import open_database
from services.shared.errors import InvalidRequest, Unavailable
from services.shared.settings import DatabaseSettings


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/name", "postgresql://h/n?sslmode=maybe", "sqlite://", "sqlite:///:memory:"]
)
def test_what_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        open_database(DatabaseSettings.model_validate({"url": url}))


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///{}/a.sqlite", "sqlite+aiosqlite"),
        ("postgresql://host/name", "postgresql+asyncpg"),
        ("postgres://host/name", "postgresql+asyncpg"),
    ],
)
def test_the_driver_need_not_be_named(url: str, driver: str, tmp_path: Path) -> None:
    database = open_database(DatabaseSettings.model_validate({"url": url.format(tmp_path)}))

    assert database.url.drivername == driver


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(Unavailable):
        open_database(DatabaseSettings.model_validate({"url": f"sqlite:///{tmp_path}/file/a.sqlite"}))


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    settings = {"url": "postgresql://host/name", "ca_file": tmp_path / "absent.pem"}

    with pytest.raises(InvalidRequest):
        open_database(DatabaseSettings.model_validate(settings))
