"""The API reference: one page made of the OpenAPI document, without scripts and without anything from elsewhere."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from gateway.errors import STATUS_OF, TITLE_OF

_STYLE: Final = Path(__file__).with_suffix(".css")
Json = Mapping[str, Any]


def style() -> str:
    """Return the page's style sheet."""
    return _STYLE.read_text(encoding="utf-8")


def page(document: Json) -> str:
    """Return the reference as HTML."""
    tags = [tag["name"] for tag in document["tags"]]
    links = "".join(f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a></li>' for tag in [*tags, "Errors", "Schemas"])
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    body = "".join([*_tags(document), _errors(), *_schemas(document)])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/docs/style.css"></head><body>'
        f"<header><h1>{title}</h1><p>{_prose(document['info']['description'])}</p>"
        f'<p>For programs: <a href="/openapi.json">openapi.json</a>.</p><nav><ul>{links}</ul></nav></header>'
        f"<main>{body}</main></body></html>"
    )


def _tags(document: Json) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<h2 id="{_anchor(tag["name"])}">{escape(tag["name"])}</h2><p>{_prose(tag["description"])}</p>'
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    yield _operation(method, path, operation)


def _operation(method: str, path: str, operation: Json) -> str:
    parts = [f"<p>{_prose(operation.get('description', ''))}</p>"]
    if operation.get("parameters"):
        rows = "".join(_parameter(parameter) for parameter in operation["parameters"])
        parts.append(f"<table><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>{rows}</table>")
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body <code>{escape(media_type)}</code>: {_type(content.get('schema', {}))}</p>")
        parts.append(_fields(content.get("schema", {})))
        parts.append(_example(content))
    rows = "".join(_response(status, response) for status, response in operation["responses"].items())
    parts.append(f"<table><tr><th>Status</th><th>Meaning</th><th>Content</th></tr>{rows}</table>")
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method.upper()}</span>'
        f'<code>{escape(path)}</code><span class="says">{escape(operation["summary"])}</span></summary>'
        f"<div>{''.join(parts)}</div></details>"
    )


def _parameter(parameter: Json) -> str:
    must = "" if parameter.get("required") else " <span class='says'>optional</span>"
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code>{must}</td><td>{escape(parameter['in'])}</td>"
        f"<td>{_type(parameter['schema'])}</td><td>{_prose(parameter.get('description', ''))}</td></tr>"
    )


def _response(status: str, response: Json) -> str:
    told = "<br>".join(
        f"<code>{escape(media_type)}</code> {_type(content.get('schema', {}))}"
        for media_type, content in response.get("content", {}).items()
    )
    return f"<tr><td>{escape(status)}</td><td>{_prose(response.get('description', ''))}</td><td>{told}</td></tr>"


def _errors() -> str:
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{STATUS_OF[code]}</td><td>{escape(title)}</td></tr>'
        for code, title in TITLE_OF.items()
    )
    return (
        '<h2 id="errors">Errors</h2><p>Every error under /api/v1 is <code>application/problem+json</code> (RFC 9457); '
        "under /v2 it is the Open Inference Protocol's <code>{&quot;error&quot;: …}</code>. The text says what is "
        "wrong, what was expected and what to do.</p>"
        f"<table><tr><th>Code</th><th>Status</th><th>Title</th></tr>{rows}</table>"
    )


def _schemas(document: Json) -> Iterator[str]:
    yield '<h2 id="schemas">Schemas</h2>'
    for name, schema in sorted(document["components"]["schemas"].items()):
        values = ", ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", ()))
        yield (
            f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code>'
            f'<span class="says">{escape(schema.get("description", "").partition(chr(10))[0])}</span></summary>'
            f"<div><p>{values}</p>{_fields(schema)}{_example(schema)}</div></details>"
        )


def _fields(schema: Json) -> str:
    if not schema.get("properties"):
        return ""
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{'' if name in required else ' <span class=says>optional</span>'}</td>"
        f"<td>{_type(field)}</td><td>{_prose(field.get('description', ''))}</td></tr>"
        for name, field in schema["properties"].items()
    )
    return f"<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>{rows}</table>"


def _example(holder: Json) -> str:
    if "example" not in holder:
        return ""
    example = holder["example"]
    text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
    return f"<pre>{escape(text)}</pre>"


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    return escape(str(schema.get("type", "any")))


def _prose(text: str) -> str:
    """Return text with its `code` marked up."""
    pieces = escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))


def _anchor(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
