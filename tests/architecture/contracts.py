"""Whether generated code is what the contracts give, and whether a contract breaks an older one."""

import filecmp
import shutil
import subprocess
from pathlib import Path

from tests.architecture.tree import ROOT, tool


def drift(root: Path, scratch: Path) -> list[str]:
    """Regenerate in a scratch folder and return the files that differ from those committed."""
    shutil.copytree(root / "proto", scratch / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    generated = tool("python", scratch / "proto/generate.py", root=scratch)
    if generated.returncode:
        return [generated.stderr]
    ours, fresh = root / "proto/gen", scratch / "proto/gen"
    names = {
        path.relative_to(folder) for folder in (ours, fresh) for path in folder.rglob("*.py*") if path.suffix != ".pyc"
    }
    _, changed, missing = filecmp.cmpfiles(ours, fresh, map(str, names), shallow=False)
    return sorted([*changed, *missing])


def breaks(root: Path, reference: str = "main") -> list[str]:
    """Return what the contracts of a tree break against those of a branch, as `buf breaking` says it."""
    against = f"{ROOT / '.git'}#ref={reference},subdir=proto"
    compared = tool("buf", "breaking", "proto", "--against", against, root=root)
    return (compared.stdout + compared.stderr).splitlines() if compared.returncode else []


def known(reference: str) -> bool:
    """Say whether the repository has this branch; a shallow clone may not."""
    command = ["git", "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
