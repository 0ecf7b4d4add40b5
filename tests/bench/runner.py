"""`make bench [ONLY=name]`: runs the measurements and writes build/bench.json.

Every module bench_*.py beside this one lists its rows in BENCHES: name -> function. A function returns a Row; its
floor is measured in the same run, because machines differ and drift. What needs a cluster is taken from the last run of
`make cluster-test`.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import cluster
from tests.bench.row import Row

HERE = Path(__file__).parent
OUTPUT = HERE.parent.parent / "build" / "bench.json"


def benches() -> dict[str, Callable[[], Row]]:
    """Return every measurement by name; importing a module starts nothing."""
    found: dict[str, Callable[[], Row]] = {}
    for path in sorted(HERE.glob("bench_*.py")):
        found |= importlib.import_module(f"tests.bench.{path.stem}").BENCHES
    return found


def write(rows: list[Row]) -> None:
    """Write the rows, keeping those of an earlier run that were not measured now."""
    kept = {row["name"]: row for row in json.loads(OUTPUT.read_text())} if OUTPUT.exists() else {}
    kept |= {row.name: asdict(row) for row in rows}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(list(kept.values()), indent=2) + "\n")


def show(rows: list[Row]) -> None:
    """Print the rows as a table."""
    table = Table("figure", "value", "unit", "floor", "ratio", "goal", "holds")
    for row in rows:
        floor = "" if row.floor is None else f"{row.floor:.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.name, f"{row.value:.4g}", row.unit, floor, ratio, row.goal, "yes" if row.holds else "NO")
    Console().print(table)


def main() -> int:
    """Run what was asked for; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", help="rows whose name starts with this")
    wanted = parser.parse_args().only or ""
    rows = []
    for name, measure in benches().items():
        if name.startswith(wanted):
            rows.append(measure())
            write(rows)
    rows += cluster.rows(wanted)
    write(rows)
    show(rows)
    if not cluster.MEASURED.exists():
        print(cluster.ABSENT)
    return 0 if rows and all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
