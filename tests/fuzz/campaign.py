"""Reads damaged files in processes of their own, which may die or hang without taking the campaign along."""

import json
import multiprocessing
import resource
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from services.ingest.formats import FORMATS
from tests.fuzz.cases import case
from tests.fuzz.contract import MAX_GROWN_BYTES, Watch, judge

HANG_SECONDS: Final = 30.0
_ADDRESS_BYTES: Final = 4 * MAX_GROWN_BYTES
_WARM_UP: Final = 20
_MOST_FAULTS: Final = 20
_CONTEXT: Final = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Fault:
    """A file on which a reader broke the contract."""

    reader: str
    seed: int
    number: int
    outcome: str
    detail: str

    @property
    def kind(self) -> str:
        """What is the same for faults that have one cause: what was raised, and where."""
        return f"{self.outcome} {self.detail.rpartition(' at ')[2][-80:] if ' at ' in self.detail else ''}"

    def __str__(self) -> str:
        return f"{self.reader}, seed {self.seed}, case {self.number}: {self.outcome}: {self.detail[:300]}"


@dataclass(slots=True)
class Tally:
    """What became of the files that one reader was given."""

    reader: str
    cases: int = 0
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest: int = -1
    grown_mib: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)
    """One of each kind."""

    def add(self, other: "Tally") -> None:
        """Take in what another process counted."""
        self.cases, self.read, self.refused = (
            self.cases + other.cases,
            self.read + other.read,
            self.refused + other.refused,
        )
        self.seconds, self.grown_mib = self.seconds + other.seconds, max(self.grown_mib, other.grown_mib)
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest
        self.faulty += other.faulty
        for fault in other.faults:
            self.tell(fault)

    def tell(self, fault: Fault) -> None:
        """Keep a fault, unless one of its kind is kept already."""
        if fault.kind not in {known.kind for known in self.faults} and len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)


@dataclass(frozen=True, slots=True)
class Shard:
    """Some of the cases of one reader, which one process reads in turn."""

    reader: str
    seed: int
    first: int
    end: int


def campaign(readers: Sequence[str], seed: int, count: int, *, processes: int, shard: int = 2500) -> list[Tally]:
    """Return what became of `count` files of each reader."""
    _CONTEXT.set_forkserver_preload(["tests.fuzz.cases", "tests.fuzz.contract", "scipy.io", "wfdb", "h5py", "pydicom"])
    shards = [
        Shard(reader, seed, first, min(first + shard, count)) for reader in readers for first in range(0, count, shard)
    ]
    tallies = {reader: Tally(reader) for reader in readers}
    with ThreadPoolExecutor(processes) as threads:
        for found in threads.map(lambda one: [*_shard(one)], shards):
            for tally in found:
                tallies[tally.reader].add(tally)
    return [*tallies.values()]


def _shard(shard: Shard) -> Iterator[Tally]:
    """Read the cases; where the process dies or hangs, tell of it and go on behind."""
    first = shard.first
    while first < shard.end:
        ours, theirs = _CONTEXT.Pipe(duplex=False)
        place = _CONTEXT.Value("q", first, lock=False)
        process = _CONTEXT.Process(target=_work, args=(shard, first, place, theirs))
        process.start()
        theirs.close()
        fate = _await(process, place, ours)
        if isinstance(fate, Tally):
            yield fate
            first += fate.cases
            continue
        at = int(place.value)
        if at > first:
            yield from _shard(replace(shard, first=first, end=at))
        yield Tally(shard.reader, 1, faulty=1, faults=[Fault(shard.reader, shard.seed, at, fate, "")])
        first = at + 1


def _await(process: Any, place: Any, pipe: Connection) -> Tally | str:
    """Return what a process counted, or how it ended without."""
    seen = -1
    while not pipe.poll(HANG_SECONDS):
        if int(place.value) == seen:
            process.kill()
            process.join()
            return f"hung for {HANG_SECONDS:g} s"
        seen = int(place.value)
    try:
        tally: Tally | Exception = pipe.recv()
    except EOFError:
        process.join()
        return f"crashed with exit code {process.exitcode}"
    process.join()
    if isinstance(tally, Exception):
        raise tally
    return tally


def _work(shard: Shard, first: int, place: Any, pipe: Connection) -> None:
    try:
        pipe.send(_tallied(shard, first, place))
    except Exception as error:
        pipe.send(error)
        raise


def _tallied(shard: Shard, first: int, place: Any) -> Tally:
    """Read cases until the last one, or until one took so much memory that a new process has to see the others."""
    warnings.simplefilter("ignore")
    known = next(known for known in FORMATS if shard.reader == known.NAME)
    watch, tally = Watch(), Tally(shard.reader)
    for number in range(_WARM_UP):
        judge(known, case(shard.reader, shard.seed, number), watch)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_BYTES + _address_bytes(), hard))
    for number in range(first, shard.end):
        place.value = number
        verdict = judge(known, case(shard.reader, shard.seed, number), watch)
        tally.cases += 1
        tally.read += verdict.outcome == "read"
        tally.refused += verdict.outcome == "refused"
        tally.seconds += verdict.seconds
        tally.grown_mib = max(tally.grown_mib, verdict.grown_bytes >> 20)
        if verdict.seconds > tally.slowest_s:
            tally.slowest_s, tally.slowest = verdict.seconds, number
        tally.faulty += verdict.is_fault
        if verdict.is_fault:
            tally.tell(Fault(shard.reader, shard.seed, number, verdict.outcome, verdict.detail))
        if verdict.grown_bytes > MAX_GROWN_BYTES // 4:
            break
    return tally


def _address_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def keep(fault: Fault, folder: Path) -> Path:
    """Write the file of a fault, with those that belong to it, and return its folder."""
    sample = case(fault.reader, fault.seed, fault.number)
    place = folder / f"{fault.reader}-{fault.seed}-{fault.number}"
    place.mkdir(parents=True, exist_ok=True)
    (place / sample.file.name).write_bytes(sample.file.data)
    for name, data in sample.file.companions.items():
        (place / Path(name).name).write_bytes(data)
    told = asdict(fault) | {"declaration": repr(sample.declaration)}
    (place / "fault.json").write_text(json.dumps(told, indent=2) + "\n")
    return place
