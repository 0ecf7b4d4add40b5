"""Whole platforms for the suite: all in one process, and six processes on real servers."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.shared.settings import StorageSettings
from tests.servers import Server, data_folder, free_port, new_database, running
from tests.telemetry import Collector

REPOSITORY = Path(__file__).parents[1]
SERVICES = ("ingest", "exchange", "signal_analysis", "inference", "trainer")
PEERS = {
    "ingest": (),
    "exchange": (),
    "signal_analysis": ("ingest",),
    "inference": ("ingest", "exchange"),
    "trainer": ("ingest", "exchange"),
}
STATELESS = ("inference",)
PYTHONPATH = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "proto" / "gen")])


@dataclass
class DistributedPlatform:
    """Six processes that share nothing but the servers behind their ports."""

    url: str
    api_key: str
    processes: dict[str, Server]

    def client(self) -> httpx.Client:
        """Return a client with the administrator's key."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {self.api_key}"}, timeout=60
        )


@pytest.fixture(scope="session")
def platform_url() -> Iterator[str]:
    """The address of a platform in one process, as `einthoven up` runs it."""
    with data_folder("platform") as folder, running(embedded(folder)) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def distributed(
    nats_url: str, postgres_url: str, s3_settings: StorageSettings, traces: Collector
) -> Iterator[DistributedPlatform]:
    """Six processes on NATS, PostgreSQL and S3, talking over the network."""
    with data_folder("distributed") as folder, ExitStack() as started:
        environment = shared_environment(nats_url, new_database(postgres_url), s3_settings)
        environment["TELEMETRY__OTLP_ENDPOINT"] = traces.endpoint
        ports = {name: free_port() for name in (*SERVICES, "gateway")}
        processes = {}
        for name in SERVICES:
            processes[name] = started.enter_context(running(service(name, ports, environment, folder)))
        api_key = new_api_key()
        door = gateway(ports, environment, folder, api_key)
        processes["gateway"] = started.enter_context(running(door))
        yield DistributedPlatform(f"http://127.0.0.1:{ports['gateway']}", api_key, processes)


def embedded(folder: Path, **settings: str) -> Server:
    """Return a platform in one process that keeps its data in a folder, not yet started."""
    port = free_port()
    command = [sys.executable, "-m", "deploy.local", "--data-dir", str(folder / "data"), "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": PYTHONPATH} | settings  # noqa: TID251 what a child process starts with
    url = f"http://127.0.0.1:{port}"
    return Server(command, port, folder / "platform.log", answers=lambda: ready(url), environment=environment)


def shared_environment(nats_url: str, database_url: str, s3: StorageSettings) -> dict[str, str]:
    """Return what every deployable is told, without its prefix."""
    secret = s3.secret_key.get_secret_value() if s3.secret_key else ""
    return {
        "STORAGE__KIND": "s3",
        "STORAGE__ENDPOINT": str(s3.endpoint),
        "STORAGE__ACCESS_KEY": str(s3.access_key),
        "STORAGE__SECRET_KEY": secret,
        "STORAGE__BUCKET": "einthoven-distributed",
        "STORAGE__SECURE": str(s3.secure).lower(),
        "BUS__KIND": "nats",
        "BUS__URL": nats_url,
        "DATABASE__URL": database_url,
        "IDENTITY__SECRET": secrets.token_hex(32),
    }


def service(name: str, ports: dict[str, int], environment: dict[str, str], folder: Path) -> Server:
    """Return one service as a process of its own, not yet started."""
    known = {
        key: value for key, value in environment.items() if name not in STATELESS or not key.startswith(("BUS", "DATA"))
    }
    own = known | {f"{peer}_ADDRESS".upper(): f"127.0.0.1:{ports[peer]}" for peer in PEERS[name]}
    own |= {"RPC__PORT": str(ports[name]), "RPC__DRAIN_SECONDS": "2"}
    return _process(f"services.{name}", f"EINTHOVEN_{name.upper()}_", own, ports[name], folder / f"{name}.log")


def gateway(ports: dict[str, int], environment: dict[str, str], folder: Path, api_key: str) -> Server:
    """Return the gateway as a process of its own, not yet started."""
    own = {key: value for key, value in environment.items() if key.startswith(("DATABASE", "IDENTITY", "TELEMETRY"))}
    own |= {f"PEERS__{name}_ADDRESS".upper(): f"127.0.0.1:{ports[name]}" for name in SERVICES}
    own |= {"PORT": str(ports["gateway"]), "AUTHENTICATION": "api_keys", "BOOTSTRAP_KEY": api_key}
    url = f"http://127.0.0.1:{ports['gateway']}"
    process = _process("gateway", "EINTHOVEN_GATEWAY_", own, ports["gateway"], folder / "gateway.log")
    process.answers = lambda: ready(url)
    return process


def _process(module: str, prefix: str, own: dict[str, str], port: int, log: Path) -> Server:
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}  # noqa: TID251 likewise
    # Spans are sent sooner than the seconds that production waits for more of them.
    environment = (
        inherited
        | {"PYTHONPATH": PYTHONPATH, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        | {prefix + key: value for key, value in own.items()}
    )
    return Server([sys.executable, "-m", module], port, log, environment=environment)


def ready(url: str) -> bool:
    """Say whether a platform is ready."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def new_api_key() -> str:
    """Return a well-formed API key."""
    from gateway.tokens import new_api_key as mint  # noqa: PLC0415 only suites with a gateway need it

    return mint()


@contextmanager
def printed_on_failure(distributed: DistributedPlatform) -> Iterator[None]:
    """Show the end of every process's log where the block fails."""
    try:
        yield
    except BaseException:
        for name, process in distributed.processes.items():
            sys.stderr.write(f"--- {name}\n{process.log.read_text(errors='replace')[-3000:]}\n")
        raise
