"""The generated part of the JavaScript client: where amounts are, the resources, and the types of everything."""

import textwrap
from collections.abc import Iterator
from typing import Final

from clients.generator.naming import camel, pascal
from clients.generator.reading import Api, Field, Kind, Operation, Shape

_HEAD: Final = "// Generated from the OpenAPI document by `make clients`; changes belong there.\n\n"
_WIDTH: Final = 110
_TYPES: Final = {
    "text": "string",
    "time": "string",
    "amount": "string",
    "whole": "number",
    "flag": "boolean",
    "free": "unknown",
}
_ASKED: Final = {**_TYPES, "time": "string | Date", "amount": "Amount"}


def shapes(api: Api) -> str:
    """Return shapes.js: for each shape the fields that are amounts, or that hold shapes with amounts."""
    lines = [_HEAD, "export const SHAPES = {\n"]
    for shape in _every_shape(api):
        marks = [f"{field.name}: {mark}" for field in shape.fields if (mark := _mark(field.kind))]
        if marks:
            lines.append(f"  {shape.name}: {{ {', '.join(marks)} }},\n")
    return "".join([*lines, "};\n"])


def resources(api: Api) -> str:
    """Return resources.js: a class for each part of the API, a method for each operation."""
    lines = [_HEAD, 'import { Resource, segment } from "./transport.js";\n']
    for name, operations in api.resources.items():
        lines.append(f"\n/** {api.tags[operations[0].tag]} */\nexport class {pascal(name)} extends Resource {{\n")
        lines.append("\n".join(_method(one) for operation in operations for one in _variants(operation)))
        lines.append("}\n")
    lines.append("\n/** Give a client every part of the API. */\nexport function addResources(client, transport) {\n")
    lines += [f"  client.{camel(name)} = new {pascal(name)}(transport);\n" for name in api.resources]
    return "".join([*lines, "}\n"])


def declarations(api: Api) -> str:
    """Return api.d.ts: an interface for each shape and each class."""
    asked = {shape.name for shape in api.asked()} | {one.body.name for one in api.operations if one.body}
    lines = [_HEAD, 'import { Pages, RequestOptions } from "./index.js";\n\n']
    lines.append("/** An exact amount: text, a whole number or a bigint. A fraction as a number is refused. */\n")
    lines.append("export type Amount = string | number | bigint;\n")
    for shape in _every_shape(api):
        lines.append(f"\nexport interface {shape.name} {{\n")
        plain = _ASKED if shape.name in asked else _TYPES
        lines += [_property(field, plain) for field in shape.fields]
        lines.append("}\n")
    for name, operations in api.resources.items():
        lines.append(f"\n/** {api.tags[operations[0].tag]} */\nexport interface {pascal(name)} {{\n")
        lines += [_signature(one) for operation in operations for one in _variants(operation)]
        lines.append("}\n")
    lines.append("\nexport interface Resources {\n")
    lines += [f"  readonly {camel(name)}: {pascal(name)};\n" for name in api.resources]
    return "".join([*lines, "}\n"])


def _every_shape(api: Api) -> list[Shape]:
    bodies = {operation.body.name for operation in api.operations if operation.body}
    return api.reachable(iter({shape.name for shape in [*api.answered(), *api.asked()]} | bodies))


def _mark(kind: Kind) -> str:
    """Return how shapes.js writes a kind; empty when there is nothing to convert within it."""
    if kind.name == "amount":
        return '"amount"'
    if kind.name == "shape":
        return f'"{kind.shape}"'
    if kind.name in {"list", "map"} and kind.of and (inner := _mark(kind.of)):
        return f"{{ {kind.name}: {inner} }}"
    return ""


def _variants(operation: Operation) -> Iterator[tuple[Operation, bool]]:
    """Yield the operation, and again as the one that answers with CSV."""
    yield operation, False
    if operation.has_csv:
        yield operation, True


def _method(variant: tuple[Operation, bool]) -> str:
    operation, is_csv = variant
    ids = [camel(name) for name in operation.path_names]
    path = operation.path
    for name in operation.path_names:
        path = path.replace(f"{{{name}}}", f"${{segment({camel(name)})}}")
    where = f"`{path}`" if ids else f'"{path}"'
    arguments, call = _body_of(operation, where, is_csv=is_csv)
    name = camel(f"{operation.name}_csv" if is_csv else operation.name)
    head = f"{_comment(operation.doc)}  {name}({', '.join([*ids, *arguments])}) {{\n"
    return f"{head}    return {call};\n  }}\n"


def _body_of(operation: Operation, where: str, *, is_csv: bool) -> tuple[list[str], str]:
    if is_csv:
        return ["query = {}"], f'this._text({where}, {{ ...query, format: "csv" }})'
    if operation.pages:
        pages = operation.pages
        return ["query = {}"], f'this._pages("{pages.item}", {where}, ["{pages.key}", "{pages.cursor}"], query)'
    if operation.is_file:
        return ["query = {}"], f"this._file({where}, query)"
    if operation.http_method == "GET":
        given = ["query = {}"] if operation.query else []
        return given, f'this._get("{operation.answer}", {where}{", query" if given else ""})'
    body = operation.body
    given = [("body" if any(one.is_required for one in body.fields) else "body = {}")] if body else []
    order = f'"{body.name}", body' if body else "null, undefined"
    start = f'"{operation.answer}", "{operation.http_method}", {where}, {order}'
    if operation.takes_idempotency_key:
        return [*given, "options = {}"], f"this._change({start}, options)"
    return given, f"this._send({start})"


def _signature(variant: tuple[Operation, bool]) -> str:
    operation, is_csv = variant
    arguments = [f"{camel(name)}: string" for name in operation.path_names]
    query = [one for one in operation.query if not (is_csv and one.name in {"limit", "cursor"})]
    if query:
        fields = "; ".join(f"{one.name}?: {_query_type(one.kind)}" for one in query)
        arguments.append(f"query?: {{ {fields} }}")
    if operation.body:
        is_needed = any(field.is_required for field in operation.body.fields)
        arguments.append(f"body{'' if is_needed else '?'}: {operation.body.name}")
    if operation.takes_idempotency_key:
        arguments.append("options?: RequestOptions")
    name = camel(f"{operation.name}_csv" if is_csv else operation.name)
    result = "Promise<string>" if is_csv else _result(operation)
    return f"{_comment(operation.doc)}  {name}({', '.join(arguments)}): {result};\n"


def _result(operation: Operation) -> str:
    if operation.pages:
        return f"Pages<{operation.pages.item}>"
    return "Promise<Uint8Array>" if operation.is_file else f"Promise<{operation.answer}>"


def _query_type(kind: Kind) -> str:
    if kind.name == "list" and kind.of:
        return f"{_type(kind.of, _ASKED)} | {_type(kind, _ASKED)}"
    return _type(kind, _ASKED)


def _property(field: Field, plain: dict[str, str]) -> str:
    mark = "" if field.is_required else "?"
    return f"{_comment(field.doc)}  {field.name}{mark}: {_type(field.kind, plain)};\n"


def _type(kind: Kind, plain: dict[str, str]) -> str:
    def inner() -> str:
        return _type(kind.of, plain) if kind.of else "unknown"

    choices = " | ".join(f'"{choice}"' for choice in kind.choices)
    text = {"shape": kind.shape, "list": f"Array<{inner()}>", "map": f"Record<string, {inner()}>"}.get(kind.name)
    text = text or choices or plain[kind.name]
    return f"{text} | null" if kind.is_nullable else text


def _comment(text: str) -> str:
    if not text:
        return ""
    lines = [line for part in text.replace("*/", "* /").split("\n") for line in (textwrap.wrap(part, _WIDTH) or [""])]
    if len(lines) == 1:
        return f"  /** {lines[0]} */\n"
    return "  /**\n" + "".join(f"   * {line}".rstrip() + "\n" for line in lines) + "   */\n"
