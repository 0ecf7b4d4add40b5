from tests.architecture import locks
from tests.architecture.tree import ROOT


def test_locks_are_current_hashed_and_name_no_registry() -> None:
    assert locks.faults(ROOT) == []
