"""`make fuzz [ONLY=reader] [COUNT=10000] [SEED=0]`: every reader on damaged files; writes build/fuzz.json.

A file on which a reader breaks its contract is written to build/fuzz/, with how to make it again.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.ingest import formats
from tests.fuzz.campaign import Tally, campaign, keep
from tests.fuzz.cases import REAL, real_files

BUILD = Path(__file__).parents[2] / "build"


def show(tallies: list[Tally], seconds: float) -> None:
    """Print what became of the files of every reader."""
    table = Table("reader", "files", "read", "refused", "faults", "ms each", "slowest s", "grown MiB", "real files")
    for tally in tallies:
        each = f"{1000 * tally.seconds / max(tally.cases, 1):.2f}"
        ends = (f"{tally.slowest_s:.2f}", str(tally.grown_mib), str(len(real_files(tally.reader))))
        table.add_row(tally.reader, *map(str, (tally.cases, tally.read, tally.refused, tally.faulty)), each, *ends)
    Console().print(table)
    print(f"{sum(tally.cases for tally in tallies)} files in {seconds:.0f} s; real files from {REAL} where they are.")


def main() -> int:
    """Run what was asked for; 1 where a reader broke its contract."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--only", help="readers whose name starts with this")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    started = time.perf_counter()
    readers = [name for name in formats.names() if name.startswith(asked.only or "")]
    tallies = campaign(readers, asked.seed, asked.count, processes=os.cpu_count() or 1)
    seconds = time.perf_counter() - started
    show(tallies, seconds)
    BUILD.mkdir(exist_ok=True)
    measured = {"seed": asked.seed, "seconds": round(seconds, 1), "readers": [asdict(tally) for tally in tallies]}
    (BUILD / "fuzz.json").write_text(json.dumps(measured, indent=2) + "\n")
    for fault in (fault for tally in tallies for fault in tally.faults):
        print(f"{fault}\n  {keep(fault, BUILD / 'fuzz')}")
    return 1 if any(tally.faults for tally in tallies) or not tallies else 0


if __name__ == "__main__":
    sys.exit(main())
