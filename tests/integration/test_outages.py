"""What the six processes stand on is not there yet, goes away, and comes back without what it held."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.cramped import eventually
from tests.platforms import SERVICES, DistributedPlatform, gateway, new_api_key, printed_on_failure, service
from tests.platforms import shared_environment as environment_of
from tests.servers import Server, data_folder, free_port, nats_server, postgres_server, settings_of_s3, weed_server
from tests.unit.services.ingest.ecgs import npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROWS = ("ingest", "exchange", "trainer")
STANDS_ON = {"nats": ROWS, "postgres": ROWS, "s3": SERVICES}
BACK_SECONDS = 10.0
"""How soon after a server answers the whole platform does."""


@dataclass
class Ground:
    """A platform, and the servers below it."""

    platform: DistributedPlatform
    servers: dict[str, Server]

    def away(self) -> set[str]:
        """Return the services that are not ready, as the gateway finds them."""
        dependencies = httpx.get(f"{self.platform.url}/readyz", timeout=30).json()["dependencies"]
        return {name for name, ready in dependencies.items() if not ready}

    def is_ready(self) -> bool:
        """Say whether everything is, the gateway's own database included."""
        return httpx.get(f"{self.platform.url}/readyz", timeout=30).is_success


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Six processes that were started before anything that they stand on."""
    with ExitStack() as started:
        folder = started.enter_context(data_folder("outages"))
        servers = {
            "nats": nats_server(started.enter_context(data_folder("nats"))),
            "postgres": postgres_server(started.enter_context(data_folder("postgres"))),
            "s3": weed_server(started.enter_context(data_folder("weed"))),
        }
        platform = _started(folder, servers, started)
        for server in servers.values():
            started.callback(server.stop)
        yield Ground(platform, servers)


@pytest.fixture(scope="module")
def upload(ground: Ground) -> Iterator[Callable[[], httpx.Response]]:
    """What uploads one ECG that was never sent before."""
    with ground.platform.client() as client:
        seeds = iter(range(1000))
        dataset_id: list[str] = []

        def upload() -> httpx.Response:
            if not dataset_id:
                dataset_id.append(client.post("/datasets", json={"name": "outages"}).json()["dataset_id"])
            seed = next(seeds)
            files = {"files": (f"{seed}.npy", npy_of(twelve_leads(5000, seed=seed)))}
            return client.post(f"/datasets/{dataset_id[0]}/records", data={"sampling_rate_hz": "500"}, files=files)

        yield upload


def test_services_wait_for_what_they_stand_on(ground: Ground) -> None:
    with printed_on_failure(ground.platform):
        early = ground.away()
        alive = httpx.get(f"{ground.platform.url}/healthz").is_success
        for server in ground.servers.values():
            server.start()
        found = eventually(ground.is_ready)

    assert early == set(SERVICES)
    assert alive
    assert found
    assert all(process.is_running() for process in ground.platform.processes.values())


@pytest.mark.parametrize("name", STANDS_ON)
def test_a_server_that_restarts_is_found_again(name: str, ground: Ground, upload: Callable[[], httpx.Response]) -> None:
    with printed_on_failure(ground.platform):
        assert eventually(lambda: upload().is_success)
        ground.servers[name].stop()
        missed = eventually(lambda: ground.away() >= set(STANDS_ON[name]))
        stored = stored_of(upload())
        ground.servers[name].start()
        before = time.monotonic()
        found = eventually(ground.is_ready)
        took = time.monotonic() - before
        after = upload()

    assert missed
    assert stored == (name == "nats")
    assert found
    assert took < BACK_SECONDS
    assert stored_of(after) == 1, after.text


def test_a_bus_that_lost_its_queues_gets_them_again(ground: Ground) -> None:
    nats = ground.servers["nats"]
    with printed_on_failure(ground.platform):
        nats.kill()
        shutil.rmtree(nats.log.parent / "jetstream")
        nats.start()
        found = eventually(ground.is_ready)
        queues = eventually(lambda: any((nats.log.parent / "jetstream").rglob("einthoven-trainer")))

    assert found
    assert queues


def stored_of(answer: httpx.Response) -> int:
    """Return how many files of an upload were stored; a whole refusal, or that of each file, says to come again."""
    if answer.is_success:
        refused = [line["error"]["code"] for line in answer.json()["files"] if line["outcome"] == "refused"]
        assert set(refused) <= {"UNAVAILABLE"}, answer.text
        return int(answer.json()["stored"])
    assert answer.status_code == 503, answer.text
    return 0


def _started(folder: Path, servers: dict[str, Server], started: ExitStack) -> DistributedPlatform:
    """Start every process; none needs any of the servers for that."""
    ports = {name: free_port() for name in (*SERVICES, "gateway")}
    environment = environment_of(
        f"nats://127.0.0.1:{servers['nats'].port}",
        f"postgresql://postgres@127.0.0.1:{servers['postgres'].port}/postgres",
        settings_of_s3(servers["s3"]),
    )
    key = new_api_key()
    processes = {name: service(name, ports, environment, folder) for name in SERVICES}
    processes["gateway"] = gateway(ports, environment, folder, key)
    processes["gateway"].answers = None
    for process in processes.values():
        process.start()
        started.callback(process.stop)
    return DistributedPlatform(f"http://127.0.0.1:{ports['gateway']}", key, processes)
