"""Lay out our own code as each image has it, compiled: one folder per deployable under /out."""

import compileall
import shutil
import tomllib
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
METADATA: Final = "Metadata-Version: 2.1\nName: einthoven\nVersion: {}\n"
"""With it, a process finds which version it is."""


def main() -> None:
    """Compile, then copy: the same file is the same in every image."""
    compileall.compile_dir(
        SOURCE, quiet=1, stripdir=SOURCE, prependdir="/app", invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    version = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name, room in ROOMS.items():
        for folder in (*SHARED, room):
            unused = shutil.ignore_patterns("ui", "*.pyi")
            shutil.copytree(SOURCE / folder, OUT / name / folder, ignore=unused, dirs_exist_ok=True)
        shutil.copy2(SOURCE / "services/__init__.py", OUT / name / "services/__init__.py")
        installed = OUT / name / f"einthoven-{version}.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text(METADATA.format(version), encoding="utf-8")


if __name__ == "__main__":
    main()
