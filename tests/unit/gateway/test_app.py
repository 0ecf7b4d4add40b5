"""Health, reference, security headers, and what fits no route."""

from typing import Any

import httpx

from tests.unit.gateway.conftest import Door


async def test_the_process_says_that_it_is_alive(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")

    assert answer.json() == {"status": "alive"}


async def test_the_platform_is_ready_once_every_service_answers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json()["dependencies"]) == {"ingest", "signal_analysis", "inference", "trainer", "exchange"}


async def test_the_platform_is_not_ready_while_a_service_is_away(http: httpx.AsyncClient, rpc: Any) -> None:
    await rpc.set_ready(ready=False)

    answer = await http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["dependencies"]["ingest"] is False


async def test_a_process_that_stops_is_not_ready(http: httpx.AsyncClient, door: Door) -> None:
    await door.server.set_ready(ready=False)

    assert (await http.get("/readyz")).json()["status"] == "not_ready"


async def test_a_fault_of_the_gateway_s_own_tells_nothing_but_an_id(
    http: httpx.AsyncClient, door: Door, events: list[dict[str, Any]]
) -> None:
    door.app.state.peers = "no peers"

    answer = await http.get("/api/v1/datasets")

    assert answer.status_code == 500
    assert "peers" not in answer.text
    assert answer.headers["content-security-policy"]
    assert [event["error_id"] for event in events if event["event"] == "request_failed"] == [answer.json()["error_id"]]


async def test_the_reference_is_a_page_without_scripts(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text

    assert "<script" not in page
    assert "https://" not in page.replace("https://github.com/kserve", "")
    assert "/api/v1/datasets/{dataset_id}/records" in page


async def test_a_page_that_was_not_built_is_a_sentence(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")

    assert "make ui" in answer.text


async def test_every_answer_carries_the_security_headers(http: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/nowhere", "/docs"):
        headers = (await http.get(path)).headers

        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_an_unknown_path_is_a_problem(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "NOT_FOUND"


async def test_a_wrong_method_names_the_right_ones(http: httpx.AsyncClient) -> None:
    answer = await http.patch("/api/v1/datasets")

    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert answer.json()["status"] == 405


async def test_a_request_keeps_the_id_that_it_brings(http: httpx.AsyncClient) -> None:
    kept = await http.get("/healthz", headers={"X-Request-Id": "abc-1"})
    replaced = await http.get("/healthz", headers={"X-Request-Id": "a b"})

    assert kept.headers["x-request-id"] == "abc-1"
    assert len(replaced.headers["x-request-id"]) == 32


async def test_metrics_count_requests_by_route(http: httpx.AsyncClient) -> None:
    await http.get("/api/v1/datasets/d-1")

    text = (await http.get("/metrics")).text

    assert 'route="/api/v1/datasets/{dataset_id}"' in text
    assert "d-1" not in text
