"""The repository as the fitness checks see it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CODE: Final = ("services", "gateway", "cli", "deploy")
SERVICES: Final = ("ingest", "signal_analysis", "inference", "trainer", "exchange")
SKIPPED: Final = {"node_modules", "__pycache__", ".venv"}


def modules(root: Path, *folders: str) -> Iterator[Path]:
    """Yield the Python modules under some folders of a tree."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if not SKIPPED & set(path.relative_to(root).parts):
                yield path


def tool(name: str, *arguments: str | Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run one of the environment's tools in a tree, with that tree's packages and no others first."""
    command = [str(Path(sys.executable).parent / name), *map(str, arguments)]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {"PATH": path, "PYTHONPATH": f"{root}:{root / 'proto/gen'}", "HOME": str(Path.home())}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
