"""Install the packages of one image from its lock, and leave out what no process loads."""

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

VENV: Final = Path("/opt/venv")
SITE: Final = VENV / "lib/python3.11/site-packages"
AUTHORITY: Final = Path("/run/secrets/ca")
SUFFIXES: Final = (".pyi", ".pyx", ".pxd", ".pxi", ".h", ".hpp", ".a", ".f", ".f90", ".cu", ".cuh", ".cmake")
"""Sources of extensions and stubs for type checkers."""
UNUSED: Final = (
    "Crypto/SelfTest",
    "onnx/backend/test/data",
    "pyarrow/include",
    "pyarrow/src",
    "pyarrow/libarrow_flight.so*",
    "pyarrow/libarrow_python_flight.so*",
    "pyarrow/_flight*.so",
    "pyarrow/libarrow_substrait.so*",
    "pyarrow/_substrait*.so",
    "matplotlib/mpl-data/sample_data",
    "torch/include",
    "torch/share",
    "torch/bin",
)


def main(lock: str, *options: str) -> None:
    """Install, prune, compile."""
    environment = dict(os.environ)
    if AUTHORITY.exists():
        environment["SSL_CERT_FILE"] = str(AUTHORITY)
    if not VENV.exists():
        subprocess.run(["/opt/installer/bin/uv", "venv", "--python", sys.base_prefix + "/bin/python3", VENV], check=True)
    install = ["/opt/installer/bin/uv", "pip", "install", "--python", VENV / "bin/python", "--require-hashes"]
    subprocess.run([*install, *options, "-r", lock], check=True, env=environment)
    pruned = prune(SITE)
    print(f"{pruned / 1e6:.0f} MB taken out.")
    compile_all(SITE)


def prune(site: Path) -> int:
    """Delete what no process loads and return its size in bytes."""
    freed = 0
    for path in list(unused(site)):
        files = [path] if path.is_file() or path.is_symlink() else [each for each in path.rglob("*") if each.is_file()]
        freed += sum(each.lstat().st_size for each in files)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    return freed


def unused(site: Path) -> Iterator[Path]:
    """Yield folders of tests, sources of extensions, and parts that are named above."""
    for pattern in UNUSED:
        yield from site.glob(pattern)
    for folder, names, files in os.walk(site):
        yield from (Path(folder, name) for name in names if name == "tests")
        names[:] = [name for name in names if name != "tests"]
        yield from (Path(folder, name) for name in files if name.endswith(SUFFIXES))


def compile_all(folder: Path) -> None:
    """Compile for start-up on a file system that cannot be written to; unchecked, for nobody edits an image."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, workers=0, invalidation_mode=mode)


if __name__ == "__main__":
    main(*sys.argv[1:])
