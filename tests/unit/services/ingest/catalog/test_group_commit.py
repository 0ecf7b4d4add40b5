import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.ingest.catalog.group_commit import GroupCommit
from services.ingest.catalog.writing import Result, Transaction
from services.shared.errors import NotFound, Unavailable


class NoDatabase:
    """Runs transactions on nothing, one after the other."""

    def __init__(self) -> None:
        self.rounds = 0

    async def run(self, transaction: Transaction[Result]) -> Result:
        self.rounds += 1
        await asyncio.sleep(0)
        return transaction(None)  # type: ignore[arg-type]  # the work of these tests needs no connection

    async def close(self) -> None:
        """There is nothing to give back."""


def double(connection: Connection, works: Sequence[int], *, is_alone: bool) -> Sequence[Any]:
    if not is_alone and 13 in works:
        raise IntegrityError("insert", None, ValueError())
    return [NotFound("There is no 7.") if work == 7 else work * 2 for work in works]


async def test_what_waits_together_shares_a_transaction() -> None:
    database = NoDatabase()
    commits = GroupCommit(database, double)

    results = await asyncio.gather(*(commits.do(number) for number in range(5)))

    assert results == [0, 2, 4, 6, 8]
    assert database.rounds == 1


async def test_a_refusal_goes_to_its_caller_alone() -> None:
    commits = GroupCommit(NoDatabase(), double)

    results = await asyncio.gather(*(commits.do(number) for number in (6, 7, 8)), return_exceptions=True)

    assert (results[0], type(results[1]), results[2]) == (12, NotFound, 16)


async def test_what_a_constraint_objects_to_is_tried_again_alone() -> None:
    database = NoDatabase()
    commits = GroupCommit(database, double)

    results = await asyncio.gather(*(commits.do(number) for number in (1, 13)))

    assert (results, database.rounds) == ([2, 26], 3)


async def test_a_database_that_is_down_is_told_to_everybody_and_the_next_round_works() -> None:
    def fail(connection: Connection, works: Sequence[int], *, is_alone: bool) -> Sequence[Any]:
        if 1 in works:
            raise Unavailable("The database does not answer.")
        return works

    commits = GroupCommit(NoDatabase(), fail)

    failed = await asyncio.gather(commits.do(1), commits.do(2), return_exceptions=True)

    assert [type(error) for error in failed] == [Unavailable, Unavailable]
    assert await commits.do(3) == 3


async def test_work_goes_on_where_its_caller_goes_away() -> None:
    done: list[int] = []

    def note(connection: Connection, works: Sequence[int], *, is_alone: bool) -> Sequence[Any]:
        done.extend(works)
        return works

    commits = GroupCommit(NoDatabase(), note)
    task = asyncio.create_task(commits.do(1))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await commits.close()

    assert done == [1]
