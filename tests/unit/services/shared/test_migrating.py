"""The command that brings tables up to date."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from services.shared.errors import Unavailable
from services.shared.migrating import migrate_when_there
from services.shared.settings import DatabaseSettings
from tests.contract.migrations import FIRST, write_migration
from tests.platforms import PYTHONPATH
from tests.servers import free_port

HEAVY = ("torch", "onnxruntime", "neurokit2", "pandas", "scipy", "numpy", "grpc", "minio", "nats", "fastapi")
OWNERS = {"gateway": "gateway", **{name: f"services.{name}" for name in ("ingest", "trainer", "exchange")}}


@pytest.mark.parametrize("name", OWNERS)
def test_a_deployable_migrates_with_its_database_alone_and_imports_nothing_heavy(name: str, tmp_path: Path) -> None:
    prefix, file = f"EINTHOVEN_{name.upper()}_", tmp_path / "rows.sqlite"
    environment = {
        "PYTHONPATH": PYTHONPATH,
        f"{prefix}DATABASE__URL": f"sqlite:///{file}",
        f"{prefix}STORAGE__KIND": "none of its business",
    }
    command = [sys.executable, "-X", "importtime", "-m", OWNERS[name], "migrate"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert done.returncode == 0, done.stderr[-2000:]
    assert not imported & set(HEAVY)
    with sqlite3.connect(file) as rows:
        assert rows.execute(f"SELECT count(*) FROM alembic_version_{name}").fetchone() == (1,)  # noqa: S608 a name of ours
    rows.close()


def test_a_missing_url_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.ingest", "migrate"],
        env={"PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 2
    assert "EINTHOVEN_INGEST_DATABASE" in done.stderr


async def test_a_database_that_never_answers_is_given_up(tmp_path: Path) -> None:
    write_migration(tmp_path, "0001", FIRST)
    settings = DatabaseSettings.model_validate({"url": f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"})

    with pytest.raises(Unavailable):
        await migrate_when_there(settings, "demo", tmp_path, wait_seconds=0)
