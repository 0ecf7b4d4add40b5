"""The times of the steps, printed at the end, and the figures, kept in build/cluster.json for `make bench`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from tests.bench.cluster import MEASURED
from tests.bench.row import Row


@dataclass
class Figures:
    """What one run measured."""

    steps: list[tuple[str, float]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Keep how long a step takes, also where it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.steps.append((name, time.monotonic() - began))

    def row(self, name: str, value: float, unit: str, *, at_most: float | None = None) -> None:
        """Keep a figure, in the file at once."""
        goal = "" if at_most is None else f"<= {at_most:g}"
        self.rows.append(Row(name, value, unit, goal, at_most is None or value <= at_most))
        kept = {row["name"]: row for row in json.loads(MEASURED.read_text())} if MEASURED.exists() else {}
        kept |= {row.name: asdict(row) for row in self.rows}
        MEASURED.parent.mkdir(exist_ok=True)
        MEASURED.write_text(json.dumps(list(kept.values()), indent=2) + "\n")

    def lines(self) -> list[str]:
        """Return everything as lines to print."""
        steps = [f"{seconds:8.1f} s  {name}" for name, seconds in self.steps]
        rows = [
            f"{row.name} = {row.value:.4g} {row.unit} ({row.goal or 'no goal'}){'' if row.holds else ' MISSED'}"
            for row in self.rows
        ]
        return [*steps, *rows, *self.remarks]
