"""Fixtures of the whole suite."""

import os
from pathlib import Path

import pytest

from tests.platforms import distributed, platform_url
from tests.servers import database_url, minio_settings, nats_url, postgres_url, s3_settings
from tests.telemetry import traces

__all__ = [
    "data_dir",
    "database_url",
    "distributed",
    "minio_settings",
    "nats_url",
    "platform_url",
    "postgres_url",
    "s3_settings",
    "traces",
]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real ECGs, which are no part of the repository."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EINTHOVEN_DATA", beside))  # noqa: TID251 the suite's own setting
    if not folder.is_dir():
        pytest.skip(f"There are no real ECGs at {folder}; set EINTHOVEN_DATA to a folder of them.")
    return folder
