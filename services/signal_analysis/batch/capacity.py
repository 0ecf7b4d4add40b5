"""How many processes a machine or container has room for."""

import math
import os
from pathlib import Path
from typing import Final

PROCESS_BYTES: Final = 256 << 20
"""One process that measures, with numpy and scipy in it; about 110 MiB at rest."""
_GROUP: Final = Path("/sys/fs/cgroup")


def processes(group: Path = _GROUP) -> int:
    """Return how many processes may measure: one per core, as far as half of the memory of a container goes.

    `group` is the folder of a control group, version 2; where there is none, nothing is bounded.
    """
    cores = min(len(os.sched_getaffinity(0)), _cores(group))
    return max(1, min(cores, _memory(group) // 2 // PROCESS_BYTES))


def _cores(group: Path) -> int:
    quota, _, period = _text(group / "cpu.max").partition(" ")
    return max(1, math.ceil(int(quota) / int(period))) if quota.isdigit() and period.isdigit() else 1 << 16


def _memory(group: Path) -> int:
    limit = _text(group / "memory.max")
    return int(limit) if limit.isdigit() else 1 << 62


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""  # No such group, or none of this version.
