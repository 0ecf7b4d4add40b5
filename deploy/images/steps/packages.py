"""Install the packages of one image from its lock, leave out what no process loads, compile, and list what is there."""

import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

INSTALLER: Final = Path("/opt/installer/bin")
LOCKS: Final = Path("/usr/share/einthoven")
VENV: Final = Path("/opt/venv")
SITE: Final = VENV / "lib/python3.11/site-packages"
CACHE: Final = Path("/root/.cache/uv")
AUTHORITY: Final = Path("/run/secrets/ca")
SUFFIXES: Final = (
    ".pyi", ".pyx", ".pxd", ".pxi", ".c", ".cpp", ".cc", ".h", ".hpp", ".cu", ".cuh", ".a", ".f", ".f90", ".cmake",
)  # fmt: skip
"""What type checkers and compilers read."""
UNUSED: Final = (
    "Crypto/SelfTest",  # tests by another name
    "sqlalchemy/testing",
    "onnx/backend/test/data",
    "pandas/_testing/*/data",
    "matplotlib/mpl-data/sample_data",
    "pyarrow/include",
    "pyarrow/src",
    # Only tables in memory are read and written: nothing comes from S3 or by Flight.
    "pyarrow/libarrow_s3.so*",
    "pyarrow/_s3fs*.so",
    "pyarrow/libarrow_flight.so*",
    "pyarrow/libarrow_python_flight.so*",
    "pyarrow/_flight*.so",
    # The same library under two more names than the one it is loaded by.
    "pyarrow/libarrow_python.so",
    "pyarrow/libarrow_python.so.*.*",
    "pyarrow/libarrow_python_parquet_encryption.so",
    "pyarrow/libarrow_python_parquet_encryption.so.*.*",
    # The S3 client encrypts nothing by public keys; dialects of databases that are not offered.
    "Crypto/PublicKey/*.so",
    "sqlalchemy/dialects/mssql",
    "sqlalchemy/dialects/mysql",
    "sqlalchemy/dialects/oracle",
    # Paper is drawn with DejaVu Sans; pictures are written as PNG; fonts are cut down by Python as well.
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/fonts/ttf/cm*.ttf",
    "matplotlib/mpl-data/fonts/ttf/STIX*.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif*.ttf",
    "PIL/_avif*.so",
    "pillow.libs/libavif*",
    "fontTools/*/*.so",
    # Headers and programs of the compiler that nobody calls at run time.
    "torch/include",
    "torch/share",
    "nvidia/*/include",
)

LOADED: Final = {
    "gateway": "fastapi uvicorn uvloop httptools python_multipart",
    "ingest": "h5py pyarrow.csv pydicom.dataset scipy.io scipy.signal soundfile wfdb",
    "signal-analysis": "matplotlib.backends.backend_agg matplotlib.backends.backend_pdf pyarrow.compute pyarrow.csv"
    " pyarrow.parquet rlign scipy.signal scipy.ndimage sklearn minio",
    "inference": "onnxruntime scipy.signal scipy.ndimage",
    "exchange": "onnx.checker onnx.shape_inference",
    "trainer": "onnx onnxruntime sklearn.metrics sklearn.model_selection safetensors.torch torch.distributed.run"
    " kubernetes_asyncio.client yaml",
}
"""What each room imports, sooner or later: a build that left too much out fails."""


def main(name: str, lock: str) -> None:
    """Do all of it for the image of a name."""
    environment = dict(os.environ) | {"UV_CACHE_DIR": str(CACHE), "UV_LINK_MODE": "copy", "UV_NO_PROGRESS": "1"}
    if AUTHORITY.exists():
        environment["SSL_CERT_FILE"] = str(AUTHORITY)
    if index := environment.get("PIP_INDEX_URL"):
        environment["UV_DEFAULT_INDEX"] = index
    python = Path(sys.base_prefix, "bin/python3")
    subprocess.run([INSTALLER / "uv", "venv", "--quiet", "--python", python, VENV], check=True, env=environment)
    if index := environment.get("TORCH_INDEX"):
        # Another index has other builds of the same versions: their hashes are not in the lock.
        _install(["--index-url", index, *_torch(LOCKS / "trainer.txt")], environment)
    _install(["--require-hashes", "-r", str(LOCKS / lock)], environment)
    print(f"{prune(SITE) / 1e6:.0f} MB taken out.")
    _try(LOADED[name].split())
    compileall.compile_dir(SITE, quiet=2, workers=0, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    subprocess.run([INSTALLER / "python", "-B", Path(__file__).parent / "sbom.py", name, SITE], check=True)


def _install(what: list[str], environment: dict[str, str]) -> None:
    """Install what a lock names and nothing that it does not, wanted or not."""
    command = [str(INSTALLER / "uv"), "pip", "install", "--quiet", "--python", str(VENV / "bin/python"), "--no-deps"]
    subprocess.run([*command, *what], check=True, env=environment)


def _try(modules: list[str]) -> None:
    """Import each, with a home of its own: some leave folders there that the image's user could not write to."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "ORT_DISABLE_TELEMETRY": "1"}
        for module in modules:
            subprocess.run([VENV / "bin/python", "-B", "-c", f"import {module}"], check=True, env=environment)


def _torch(lock: Path) -> list[str]:
    return re.findall(r"^(?:torch|torchvision)==[0-9.]+", lock.read_text(encoding="utf-8"), re.MULTILINE)


def prune(site: Path) -> int:
    """Delete what no process loads and return its size in bytes."""
    freed = 0
    for path in list(_unused(site)):
        files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
        freed += sum(each.lstat().st_size for each in files)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return freed


def _unused(site: Path) -> Iterator[Path]:
    """Yield what is named above, folders of tests, and sources of extensions, each once."""
    named = {path for pattern in UNUSED for path in site.glob(pattern)}
    yield from named
    for folder, names, files in os.walk(site):
        yield from (Path(folder, name) for name in names if name == "tests")
        names[:] = [name for name in names if name != "tests" and Path(folder, name) not in named]
        paths = (Path(folder, name) for name in files if name.endswith(SUFFIXES))
        yield from (path for path in paths if path not in named)


if __name__ == "__main__":
    main(*sys.argv[1:])
