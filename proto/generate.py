"""Generates proto/gen from the contracts: `make proto`.

The include root and the output root hold the same tree, so that a proto's path is its import path and nothing is
rewritten.
"""

import shutil
import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent
GEN = ROOT / "gen"


def main() -> int:
    """Regenerate every message, stub and type stub; return protoc's status."""
    shutil.rmtree(GEN, ignore_errors=True)
    GEN.mkdir()
    sources = sorted(str(path) for path in ROOT.glob("einthoven/**/*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    status = protoc.main(
        [
            "protoc",
            *(f"-I{folder}" for folder in (ROOT, well_known)),
            *(f"--{kind}_out={GEN}" for kind in ("python", "grpc_python")),
            *(f"--{kind}_out=quiet:{GEN}" for kind in ("mypy", "mypy_grpc")),
            *sources,
        ]
    )
    for folder in [GEN / "einthoven", *(GEN / "einthoven").rglob("*")]:
        if folder.is_dir():
            (folder / "__init__.py").touch()
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
