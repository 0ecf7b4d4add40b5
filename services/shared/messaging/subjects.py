"""Every subject of the platform, and the work queues behind some of them.

`einthoven.<service>.<what>` asks for work; `einthoven.events.<domain>.<what>.<tenant>` tells whoever listens.
"""

from typing import Final

from services.shared.messaging import WorkQueue

TRAINER_REQUESTED: Final = "einthoven.trainer.requested"
"""A training waits in the trainer's table."""

TRAINER_QUEUE: Final = WorkQueue(name="einthoven-trainer", subject=TRAINER_REQUESTED)

WORK_QUEUES: Final = (TRAINER_QUEUE,)
"""Every queue is made when a bus opens, so that what is published before its first consumer waits for it."""

EVERY: Final = "*"
"""In the place of a tenant: subscribes to all of them."""

_EVENTS: Final = "einthoven.events"


def recordings_stored(tenant: str) -> str:
    """Return the subject that tells of recordings stored."""
    return f"{_EVENTS}.recordings.stored.{tenant}"


def recordings_erased(tenant: str) -> str:
    """Return the subject that tells of recordings erased, so that what was derived from them goes as well."""
    return f"{_EVENTS}.recordings.erased.{tenant}"


def datasets_changed(tenant: str) -> str:
    """Return the subject that tells of datasets made, labelled or deleted."""
    return f"{_EVENTS}.datasets.changed.{tenant}"


def trainings_changed(tenant: str) -> str:
    """Return the subject that tells of the progress and the states of trainings."""
    return f"{_EVENTS}.trainings.changed.{tenant}"


def measuring_requested(tenant: str) -> str:
    """Return the subject that tells of datasets that wait to be measured."""
    return f"{_EVENTS}.measuring.requested.{tenant}"


def models_registered(tenant: str) -> str:
    """Return the subject that tells of models that came into the store."""
    return f"{_EVENTS}.models.registered.{tenant}"


def matches(pattern: str, subject: str) -> bool:
    """Say whether a subject is one of a pattern, where `*` is any one segment and a last `>` any one or more."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        if len(given) < len(wanted):
            return False
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(want in ("*", have) for want, have in zip(wanted, given, strict=True))
