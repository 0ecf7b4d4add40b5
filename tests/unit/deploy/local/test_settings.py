"""The data folder of a one-process platform."""

import stat
from pathlib import Path

import pytest

from deploy.local.settings import LocalSettings, exclusive
from services.shared.errors import Conflict, InvalidRequest


def test_a_folder_serves_one_platform_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path / "data"), pytest.raises(Conflict, match="in use"), exclusive(tmp_path / "data"):
        pytest.fail("Two platforms share a folder.")


def test_the_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    settings = LocalSettings(tmp_path)

    first, second = (settings.parts("ingest")["identity"].secret.get_secret_value() for _ in range(2))

    assert first == second
    assert stat.S_IMODE((tmp_path / "identity.secret").stat().st_mode) == 0o600


def test_every_service_has_a_database_of_its_own(tmp_path: Path) -> None:
    settings = LocalSettings(tmp_path)

    urls = {settings.parts(name)["database"].url.get_secret_value() for name in ("ingest", "exchange")}

    assert len(urls) == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hospital.example"])  # noqa: S104 it is refused
def test_nobody_but_this_machine_reaches_it(tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidRequest, match="loopback only"):
        LocalSettings(tmp_path, host=host)


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()

    with pytest.raises(InvalidRequest, match="cannot hold data: File exists"), exclusive(file):
        pytest.fail("A file holds data.")
