"""Fixtures of the integration tests: two departments on six processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import departments
from tests.integration.cramped import Cramped, cramped
from tests.integration.departments import Department, Key
from tests.platforms import DistributedPlatform


@pytest.fixture(scope="session")
def revoked(distributed: DistributedPlatform) -> Key:
    """A key that has been used, is known to the gateway, and was then taken back."""
    key = departments.new_key(distributed, "neurology", "left-us")
    with departments.client_of(distributed, key) as client:
        assert client.get("/datasets").is_success
    departments.keys(distributed, "revoke", key.key_id)
    return key


@pytest.fixture(scope="session")
def cardiology(
    distributed: DistributedPlatform, revoked: Key, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Department]:
    """A department with everything there is; its training gives the revoked key time to be forgotten."""
    folder: Path = tmp_path_factory.mktemp("cardiology")
    key = departments.new_key(distributed, "cardiology", "anna")
    with departments.client_of(distributed, key) as client:
        yield departments.at_work(client, folder, "cardiology")


@pytest.fixture(scope="session")
def neurology(distributed: DistributedPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    """Another department of the same site."""
    folder: Path = tmp_path_factory.mktemp("neurology")
    key = departments.new_key(distributed, "neurology", "ben")
    with departments.client_of(distributed, key) as client:
        yield departments.small(client, folder, "neurology")


@pytest.fixture(scope="session")
def cramped_platform() -> Iterator[Cramped]:
    """A platform with narrow limits on a small disk; whatever it is sent, its log tells of no fault of its own."""
    with cramped() as platform:
        yield platform
        assert "Traceback" not in platform.log.read_text()
