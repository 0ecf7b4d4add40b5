"""The embedded platform in a process of its own, for measurements over REST."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 600.0
STOP_SECONDS = 30.0


@contextlib.contextmanager
def platform() -> Iterator[httpx.Client]:
    """Run everything on an empty folder and return a client of its REST surface."""
    with running() as (_, client):
        yield client


@contextlib.contextmanager
def running(**environment: str) -> Iterator[tuple[psutil.Process, httpx.Client]]:
    """Run everything on an empty folder; return its process and a client of its REST surface."""
    with tempfile.TemporaryDirectory(prefix="einthoven-bench-") as folder:
        command = [sys.executable, "-m", "deploy.local", "--data-dir", folder, "--port", "0"]
        given = {**os.environ, **environment}  # noqa: TID251 handed on as it is
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True)
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            with httpx.Client(base_url=f"{url}/api/v1", timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                yield psutil.Process(process.pid), client
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
