"""The command that makes keys."""

from pathlib import Path

import pytest

from gateway.keys import main
from gateway.tokens import is_api_key
from tests.unit.gateway.test_settings import ENVIRONMENT


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "DATABASE__URL": f"sqlite:///{tmp_path}/gateway.db"}.items():
        monkeypatch.setenv(f"EINTHOVEN_GATEWAY_{name}", value)


def test_a_key_is_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    made = main(["create", "--tenant", "cardiology", "--subject", "anna", "--admin"])
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    revoked = main(["revoke", lines["id"]])
    capsys.readouterr()
    listed = main(["list"])

    assert (made, revoked, listed) == (0, 0, 0)
    assert is_api_key(lines["key"])
    assert capsys.readouterr().out == f"{lines['id']}  cardiology  anna  admin,member  revoked\n"


def test_a_fresh_key_is_printed_without_being_stored(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["new"])

    assert status == 0
    assert is_api_key(capsys.readouterr().out.strip())


def test_what_cannot_be_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["revoke", "nothing"]) == 1
    assert capsys.readouterr().err == "There is no API key 'nothing'.\n"


@pytest.mark.parametrize("tenant", ["Cardiology", "a/b", "", ".x"])
def test_a_department_has_a_name_that_a_key_can_carry(tenant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", "--tenant", tenant, "--subject", "anna"]) == 1
    assert "department" in capsys.readouterr().err
