"""Measuring one signal, in a process of the pool."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import Final

from services.shared.ecg import Recording, Signal
from services.shared.errors import PlatformError
from services.signal_analysis.batch.measured import Measured, flat
from services.signal_analysis.measurements import Measurement

Measure = Callable[[Recording], tuple[Measurement, ...]]
"""What is measured on a recording; a function of a module, so that other processes find it by its name."""
Task = tuple[Signal, tuple[str, ...], float]
"""A signal (leads, samples) in millivolt, its leads and its rate."""
_POLITENESS: Final = 5


def prepare() -> None:
    """Leave the cores to those who wait for an answer, and to one another: there is a process per core."""
    os.nice(_POLITENESS)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End with the service, even where it was killed: a process that waits for work would never notice."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def measure_some(measure: Measure, tasks: list[Task]) -> list[Measured]:
    """Measure signals one after the other; one that cannot be measured is refused and costs the others nothing."""
    return [_one(measure, task) for task in tasks]


def _one(measure: Measure, task: Task) -> Measured:
    signal, leads, rate_hz = task
    try:
        return flat(measure(Recording(signal=signal, leads=leads, rate_hz=rate_hz)))
    except PlatformError as error:
        return Measured({}, {}, {}, error.detail)
    except (ArithmeticError, ValueError, IndexError) as error:
        # An engine that stumbles over one ECG must not cost the two thousand others; the row says so.
        return Measured({}, {}, {}, f"The engine failed on this ECG ({type(error).__name__}); report its record id.")
