"""A Postman collection (format 2.1.0): a folder for each part of the API, a request for each operation."""

import json
import uuid
from typing import Any, Final

from clients.generator.reading import Api, Field, Operation

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE_URL: Final = "http://127.0.0.1:8000"
# The same collection each time, so that an import replaces the former one.
_ID: Final = str(uuid.uuid5(uuid.NAMESPACE_URL, "crypto-checkout.postman_collection.json"))


def collection(api: Api) -> str:
    """Return the collection as JSON; ``base_url`` and ``api_key`` are variables to fill in."""
    tags: dict[str, list[Operation]] = {}
    for operation in api.operations:
        tags.setdefault(operation.tag, []).append(operation)
    folders = [
        {"name": tag, "description": text, "item": [_item(operation) for operation in tags[tag]]}
        for tag, text in api.tags.items()
        if tag in tags
    ]
    whole = {
        "info": {
            "_postman_id": _ID,
            "name": f"{api.title} {api.version}",
            "description": api.description,
            "schema": _SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": _BASE_URL, "type": "string"},
            {"key": "api_key", "value": "", "type": "string", "description": "Begin with a test key: sk_test_…"},
        ],
        "item": folders,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _item(operation: Operation) -> dict[str, Any]:
    headers = [{"key": "Content-Type", "value": "application/json"}] if operation.body else []
    if operation.takes_idempotency_key:
        headers.append({"key": "Idempotency-Key", "value": "{{$guid}}"})
    request: dict[str, Any] = {
        "method": operation.http_method,
        "description": operation.doc,
        "header": headers,
        "url": _url(operation),
    }
    if not operation.takes_idempotency_key and operation.http_method != "GET":
        request["auth"] = {"type": "noauth"}
    if operation.body:
        body = operation.example if operation.example is not None else _example(operation.body.fields)
        request["body"] = {
            "mode": "raw",
            "raw": json.dumps(body, indent=2, ensure_ascii=False),
            "options": {"raw": {"language": "json"}},
        }
    return {"name": operation.summary, "request": request, "response": []}


def _url(operation: Operation) -> dict[str, Any]:
    path = operation.path
    for name in operation.path_names:
        path = path.replace(f"{{{name}}}", f":{name}")
    url: dict[str, Any] = {
        "raw": "{{base_url}}" + path,
        "host": ["{{base_url}}"],
        "path": path.strip("/").split("/"),
    }
    if operation.path_names:
        url["variable"] = [{"key": name, "value": ""} for name in operation.path_names]
    if operation.query:
        url["query"] = [
            {"key": field.name, "value": "", "description": field.doc, "disabled": not field.is_required}
            for field in operation.query
        ]
    return url


def _example(fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return the required fields with nothing in them, where the document has no example."""
    return {field.name: [] if field.kind.name == "list" else "" for field in fields if field.is_required}
