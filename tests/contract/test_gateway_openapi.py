"""The OpenAPI document is complete: whoever reads it knows every answer, and has an example of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from gateway import schemas
from gateway.app import create_app
from gateway.audit import AuditTrail
from gateway.auth import LocalUser
from gateway.clients import Peers
from gateway.lifetime import Lifetime
from gateway.schemas import RequestSchema, Schema
from gateway.settings import GatewaySettings, PeerSettings
from services.shared.database import open_database
from services.shared.identity import Tokens
from services.shared.settings import DatabaseSettings, IdentitySettings

Json = dict[str, Any]


@pytest.fixture
async def document(tmp_path: Path) -> Json:
    peers = PeerSettings(**dict.fromkeys(PeerSettings.model_fields, "127.0.0.1:1"))
    settings = GatewaySettings(
        identity=IdentitySettings(secret="s" * 32),
        database=DatabaseSettings(url=f"sqlite:///{tmp_path}/gateway.db"),
        peers=peers,
    )
    connected = Peers(peers, Tokens(settings.identity, issuer="gateway"))
    trail = AuditTrail(open_database(settings.database))
    app = create_app(settings, peers=connected, authenticator=LocalUser(), trail=trail, lifetime=Lifetime())
    await connected.close()
    described: Json = app.openapi()
    return described


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_its_words_and_a_name_of_its_own(document: Json) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]

    assert len(set(names)) == len(names)
    for where, operation in operations(document):
        assert operation["summary"], where
        assert operation["description"], where
        assert len(operation["tags"]) == 1, where


def test_every_operation_says_how_it_fails(document: Json) -> None:
    for where, operation in operations(document):
        if " /api/v1/" not in where:
            continue
        failures = {status: told for status, told in operation["responses"].items() if status >= "400"}

        assert {"400", "401", "403", "429", "500", "503", "504"} <= set(failures), where
        if "{" in where and "/architectures" not in where:
            assert "404" in failures, where
        for status, told in failures.items():
            content = told["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, where
            assert content["example"]["status"] == int(status), where


def test_open_inference_fails_in_its_own_shape(document: Json) -> None:
    for where, operation in operations(document):
        if " /v2/models" not in where:
            continue
        for status, told in operation["responses"].items():
            if status >= "400":
                assert told["content"]["application/json"]["schema"]["$ref"].endswith("/OipError"), where


def test_every_answer_and_every_body_has_an_example(document: Json) -> None:
    for where, operation in operations(document):
        success = next(told for status, told in operation["responses"].items() if status < "300")
        contents = {**success.get("content", {}), **operation.get("requestBody", {}).get("content", {})}
        for media_type, content in contents.items():
            assert _has_example(document, content) or _is_file(content["schema"]), f"{where} {media_type}"


def _has_example(document: Json, content: Json) -> bool:
    if "example" in content or "example" in content["schema"]:
        return True
    reference = content["schema"].get("$ref")
    return bool(reference) and "example" in document["components"]["schemas"][reference.rsplit("/", 1)[-1]]


def _is_file(schema: Json) -> bool:
    return "contentMediaType" in schema


def test_every_reference_leads_somewhere(document: Json) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references(document)) <= known


def test_every_example_is_what_its_schema_says() -> None:
    for schema in _all_schemas():
        example = schema.model_config.get("json_schema_extra", {})
        if isinstance(example, dict) and "example" in example:
            TypeAdapter(schema).validate_python(example["example"])


def _all_schemas() -> Iterator[type[Schema] | type[RequestSchema]]:
    assert schemas.__file__
    waiting: list[Any] = [Schema, RequestSchema]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        yield kind


def test_every_call_needs_a_key_but_for_the_public_ones(document: Json) -> None:
    open_paths = {"/healthz", "/readyz", "/readyz/gateway"}
    for where, operation in operations(document):
        path = where.split(" ")[1]

        assert ("security" in operation) is (path not in open_paths), where


def test_nothing_is_loaded_from_elsewhere(document: Json) -> None:
    assert "cdn" not in str(document).lower()
