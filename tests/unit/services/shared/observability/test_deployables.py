"""What operators see of a deployable, and of what it stands on."""

import asyncio
from typing import Any

import pytest
from minio.error import ServerError

from services.shared.deployable import Deployable
from services.shared.errors import Unavailable
from services.shared.observability import metrics
from services.shared.storage.s3_client import translated


class FakeServer:
    """A server that does nothing."""

    address = "127.0.0.1:1"

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def leave(self) -> None: ...

    async def set_ready(self, *, ready: bool) -> None: ...


async def down() -> None:
    raise Unavailable("The store does not answer.")


async def up() -> None: ...


def counted(metric: Any) -> float:
    return float(metric._value.get())


async def test_operators_see_which_dependency_is_down() -> None:
    deployable = Deployable("watched", FakeServer())
    deployable.check("store", down)
    deployable.check("database", up)

    await deployable.start()
    await deployable.stop()

    assert [counted(metrics.DEPENDENCY_UP.labels("watched", name)) for name in ("store", "database")] == [0, 1]
    assert counted(metrics.READY.labels("watched")) == 0


async def test_background_work_that_ends_by_a_fault_is_counted() -> None:
    deployable = Deployable("watched", FakeServer())
    ended = metrics.BACKGROUND_ENDED.labels("watched")
    before = counted(ended)
    deployable.background(down)

    await deployable.start()
    await asyncio.sleep(0)
    await deployable.stop()

    assert counted(ended) == before + 1


@pytest.mark.parametrize(("status", "reason"), [(507, "STORAGE_FULL"), (500, "UNAVAILABLE")])
def test_what_is_the_stores_fault_is_counted(status: int, reason: str) -> None:
    errors = metrics.STORAGE_ERRORS.labels(reason)
    before = counted(errors)

    with pytest.raises(Exception, match="object store"), translated("any"):
        raise ServerError("It failed.", status)

    assert counted(errors) == before + 1
