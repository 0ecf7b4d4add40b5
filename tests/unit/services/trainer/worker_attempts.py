"""Attempts of a worker inside the test's own process."""

from services.shared.database import Database
from services.shared.storage import ObjectStore
from services.trainer.ports import Announcer
from services.trainer.settings import ProcessSettings
from services.trainer.worker.attempt import Attempt, Outside
from services.trainer.worker.lease import Lease
from tests.unit.services.trainer.rooms import Announcements


def attempt(
    store: ObjectStore,
    database: Database,
    training_id: str,
    worker: str = "w",
    announcer: Announcer | None = None,
) -> Attempt:
    """Return one worker's attempt, which renews its lease often."""
    lease = Lease(database, training_id, worker, seconds=60)
    return Attempt(Outside(store, lease, announcer or Announcements(), 0.6, "float32"), ProcessSettings())
