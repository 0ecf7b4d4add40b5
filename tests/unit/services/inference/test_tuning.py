import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from services.inference.runtime import tuning
from services.inference.runtime.base import Batch, Outputs, TensorFacts


@dataclass
class Clock:
    """Time that passes only while a model runs."""

    now: float = 0.0


@dataclass
class Costly:
    """A model whose runs cost a fixed part and a part per ECG."""

    clock: Clock
    fixed: float
    each: float
    sizes: list[int] = field(default_factory=list)
    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()
    providers: tuple[str, ...] = ()
    runs_at_once: int = 1

    def run(self, batch: Batch) -> Outputs:
        self.sizes.append(len(batch))
        self.clock.now += self.fixed + self.each * len(batch)
        return {"y": np.zeros((len(batch), 1), np.float32)}

    def run_alone(self, batch: Batch) -> Outputs:
        return self.run(batch)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def test_where_a_run_costs_nothing_by_itself_one_ecg_is_best(clock: Clock) -> None:
    assert tuning.best_batch(Costly(clock, 0, 1e-3), (12, 1000), most=32) == 1


def test_where_a_run_costs_much_by_itself_many_are_best(clock: Clock) -> None:
    assert tuning.best_batch(Costly(clock, 1e-3, 1e-6), (12, 1000), most=32) == 32


def test_the_search_ends_soon_after_it_got_worse(clock: Clock) -> None:
    runtime = Costly(clock, 0, 1e-3)

    tuning.best_batch(runtime, (12, 1000), most=256)

    assert max(runtime.sizes) == 4


def test_the_search_keeps_to_its_time(clock: Clock) -> None:
    tuning.best_batch(Costly(clock, 0.05, 0.01), (12, 1000), most=256)

    assert clock.now < 2 * tuning.BUDGET_SECONDS


def test_a_slow_model_is_tried_once(clock: Clock) -> None:
    runtime = Costly(clock, 3.0, 1.0)

    assert tuning.best_batch(runtime, (12, 1000), most=32) == 1
    assert set(runtime.sizes) == {1}
