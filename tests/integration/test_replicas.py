"""Several replicas of a service behind one address: they share the load, and the loss of one costs no call."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.e2e.journey import Journey
from tests.integration import departments
from tests.integration.cramped import eventually
from tests.platforms import DistributedPlatform, printed_on_failure
from tests.servers import Server, data_folder, free_port
from tests.unit.services.ingest.ecgs import npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CALLERS = 4
REPLICAS = 3
MODEL = "shared"
PREDICTED = re.compile(r'^einthoven_rpc_requests_total\{.*/Predict".*\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Replica:
    """One process of inference, and where it tells its metrics."""

    process: Server
    metrics_port: int

    def predicted(self) -> float:
        """Return how many calls it has had."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics").text
        return sum(map(float, PREDICTED.findall(text)))


@dataclass(frozen=True)
class Crowd:
    """A gateway before several replicas of inference."""

    gateway: Server
    replicas: list[Replica]
    ask: Callable[[], httpx.Response]

    def load_while(self, happening: Callable[[], None]) -> list[httpx.Response]:
        """Ask from several sides while something happens; return the answers."""
        over = Event()

        def caller() -> list[httpx.Response]:
            answers = []
            while not over.is_set():
                answers.append(self.ask())
            return answers

        with ThreadPoolExecutor(CALLERS) as callers:
            asking = [callers.submit(caller) for _ in range(CALLERS)]
            try:
                happening()
            finally:
                over.set()
            return [answer for each in asking for answer in each.result()]


@pytest.fixture(scope="module")
def crowd(distributed: DistributedPlatform) -> Iterator[Crowd]:
    """Three replicas and a gateway of their own, on the platform's servers."""
    with ExitStack() as started:
        folder = started.enter_context(data_folder("replicas"))
        replicas = [_replica(distributed, folder, number) for number in range(REPLICAS)]
        addresses = ",".join(f"127.0.0.1:{each.process.port}" for each in replicas)
        door = _another(distributed, "gateway", folder, {"PEERS__INFERENCE_ADDRESS": f"ipv4:{addresses}"})
        for process in (*(each.process for each in replicas), door):
            process.answers = None
            process.start()
            started.callback(process.stop)
        url = f"http://127.0.0.1:{door.port}"
        headers = {"Authorization": f"Bearer {distributed.api_key}"}
        client = started.enter_context(httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60))
        assert eventually(lambda: httpx.get(f"{url}/readyz").is_success)
        question = _something_to_predict(Journey(client, folder))
        with printed_on_failure(replace(distributed, processes={"gateway": door})):
            yield Crowd(door, replicas, lambda: client.post("/predictions", json=question))


def test_replicas_share_the_load(crowd: Crowd) -> None:
    asked_before = [each.predicted() for each in crowd.replicas]
    answers = [crowd.ask() for _ in range(60)]
    shares = [each.predicted() - before for each, before in zip(crowd.replicas, asked_before, strict=True)]

    assert all(answer.is_success for answer in answers)
    assert sum(shares) == len(answers)
    assert max(shares) - min(shares) <= 2


def test_a_replica_that_is_killed_costs_no_call_and_is_found_again(crowd: Crowd) -> None:
    victim = crowd.replicas[0]

    def kill_and_replace() -> None:
        assert eventually(lambda: victim.predicted() > 0)
        victim.process.kill()
        at_death = [each.predicted() for each in crowd.replicas[1:]]
        assert eventually(lambda: crowd.replicas[1].predicted() > at_death[0] + 20)
        victim.process.start()
        assert eventually(lambda: victim.predicted() > 5)

    answers = crowd.load_while(kill_and_replace)

    assert [answer.text for answer in answers if not answer.is_success] == []


def test_replicas_that_are_replaced_one_after_the_other_cost_no_call(crowd: Crowd) -> None:
    def roll() -> None:
        for replica in crowd.replicas:
            replica.process.stop()
            assert replica.process.exit_status() == 0
            replica.process.start()
            assert eventually(lambda: replica.predicted() > 5)  # noqa: B023 it is over before the next

    answers = crowd.load_while(roll)

    assert [answer.text for answer in answers if not answer.is_success] == []


def _replica(distributed: DistributedPlatform, folder: Path, number: int) -> Replica:
    port = free_port()
    own = {"TELEMETRY__METRICS_PORT": str(port), "RPC__DRAIN_SECONDS": "10", "RPC__LEAVE_SECONDS": "0.5"}
    return Replica(_another(distributed, "inference", folder, own, str(number)), port)


def _another(
    distributed: DistributedPlatform, name: str, folder: Path, own: dict[str, str], suffix: str = ""
) -> Server:
    """Return one more process like one of the platform's, on a port of its own, not yet started."""
    model, port, prefix = distributed.processes[name], free_port(), f"EINTHOVEN_{name.upper()}_"
    listening = {"PORT" if name == "gateway" else "RPC__PORT": str(port)}
    environment = model.environment | {prefix + key: value for key, value in (listening | own).items()}
    return replace(
        model, port=port, log=folder / f"{name}{suffix}.log", environment=environment, stop_seconds=20, _process=None
    )


def _something_to_predict(journey: Journey) -> dict[str, object]:
    journey.import_model(MODEL, departments.private_model())
    dataset_id = str(journey.answer("POST", "/datasets", json={"name": MODEL})["dataset_id"])
    files = [("files", (f"{seed}.npy", npy_of(twelve_leads(5000, seed=2000 + seed)))) for seed in range(3)]
    journey.answer("POST", f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=files)
    return {"model": {"name": MODEL}, "dataset_id": dataset_id, "min_quality": "any"}
