"""Lay out our own code as each image has it, compiled: one folder per deployable under /out."""

import compileall
import shutil
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

SOURCE: Final = Path("/src")
OUT: Final = Path("/out")
ROOMS: Final = {
    "gateway": "gateway",
    "ingest": "services/ingest",
    "signal-analysis": "services/signal_analysis",
    "inference": "services/inference",
    "exchange": "services/exchange",
    "trainer": "services/trainer",
}
SHARED: Final = ("proto/gen", "services/shared")


def main() -> None:
    """Compile, then copy: the same file is the same in every image."""
    compileall.compile_dir(
        SOURCE, quiet=1, stripdir=SOURCE, prependdir="/app", invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    for name, room in ROOMS.items():
        for folder in (*SHARED, room):
            unused = shutil.ignore_patterns("ui", "*.pyi")
            shutil.copytree(SOURCE / folder, OUT / name / folder, ignore=unused, dirs_exist_ok=True)
        shutil.copy2(SOURCE / "services/__init__.py", OUT / name / "services/__init__.py")


if __name__ == "__main__":
    main()
