"""The OpenAPI document as shapes and operations: only what a client needs to know, in the words of clients."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clients.generator.naming import called

_JSON: Final = "application/json"
_CSV: Final = "text/csv"
_STREAM: Final = "text/event-stream"
_METHODS: Final = ("get", "post", "patch", "delete")
_CURSORS: Final = ("cursor", "after")


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What values a field takes.

    ``name`` is text, time, amount, whole, flag, shape, list, map or free; ``of`` what a list or map
    holds; ``shape`` which shape; ``choices`` the words that a text is one of.
    """

    name: str
    of: "Kind | None" = None
    shape: str = ""
    choices: tuple[str, ...] = ()
    is_nullable: bool = False

    @property
    def shapes(self) -> frozenset[str]:
        """The shapes that values of this kind hold."""
        inner = self.of.shapes if self.of else frozenset()
        return inner | ({self.shape} if self.shape else set())


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape, or one parameter of a URL's query."""

    name: str
    kind: Kind
    is_required: bool
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON object with known fields."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list goes on: under which name its items are, of which shape, and which parameter takes the cursor."""

    key: str
    item: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one URL, as a client calls it."""

    resource: str
    name: str
    http_method: str
    path: str
    tag: str
    summary: str
    doc: str
    path_names: tuple[str, ...]
    query: tuple[Field, ...]
    body: Shape | None
    answer: str  # a shape; empty for a file
    pages: Pages | None
    has_csv: bool
    takes_idempotency_key: bool
    example: Any

    @property
    def is_file(self) -> bool:
        """Whether the answer is no JSON."""
        return not self.answer


@dataclass(frozen=True, slots=True)
class Api:
    """The whole document."""

    title: str
    version: str
    description: str
    tags: Mapping[str, str]
    shapes: Mapping[str, Shape]
    operations: tuple[Operation, ...]

    @property
    def resources(self) -> dict[str, list[Operation]]:
        """The operations by resource, in the order of the document."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.resource, []).append(operation)
        return dict(sorted(found.items()))

    def reachable(self, names: Iterator[str]) -> list[Shape]:
        """Return these shapes and all that they hold, by name."""
        wanted, todo = set[str](), set(names)
        while todo:
            name = todo.pop()
            wanted.add(name)
            todo |= {inner for field in self.shapes[name].fields for inner in field.kind.shapes} - wanted
        return [self.shapes[name] for name in sorted(wanted)]

    def answered(self) -> list[Shape]:
        """Return the shapes that answers hold; a page itself is no shape of a client's."""
        return self.reachable(
            operation.pages.item if operation.pages else operation.answer
            for operation in self.operations
            if not operation.is_file
        )

    def asked(self) -> list[Shape]:
        """Return the shapes inside the bodies of requests; a body's own fields are arguments."""
        inner = {name for one in self.operations if one.body for field in one.body.fields for name in field.kind.shapes}
        return self.reachable(iter(inner))


def read(document: Mapping[str, Any]) -> Api:
    """Read an OpenAPI 3.1 document of this gateway."""
    schemas = document["components"]["schemas"]
    shapes = {name: _shape(name, schema) for name, schema in schemas.items() if schema.get("type") == "object"}
    return Api(
        title=document["info"]["title"],
        version=document["info"]["version"],
        description=document["info"]["description"],
        tags={tag["name"]: tag["description"] for tag in document["tags"]},
        shapes=shapes,
        operations=tuple(
            _operation(path, method, item[method], shapes)
            for path, item in document["paths"].items()
            for method in _METHODS
            if method in item and _STREAM not in _contents(item[method])
        ),
    )


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = schema.get("required", ())
    return Shape(
        name,
        tuple(
            Field(field, _kind(inner), field in required, str(inner.get("description", "")))
            for field, inner in schema.get("properties", {}).items()
        ),
    )


def _kind(schema: Mapping[str, Any]) -> Kind:
    if "$ref" in schema:
        return Kind("shape", shape=_referred(schema))
    if "oneOf" in schema:  # a shape or null
        shape, *_ = (_referred(one) for one in schema["oneOf"] if "$ref" in one)
        return Kind("shape", shape=shape, is_nullable=True)
    if "anyOf" in schema:  # a day or a moment
        return Kind("time")
    types = schema.get("type", "")
    named = {types} if isinstance(types, str) else set(types)
    is_nullable = "null" in named
    if "array" in named:
        return Kind("list", of=_kind(schema.get("items", {})), is_nullable=is_nullable)
    if "object" in named:
        return _object(schema, is_nullable=is_nullable)
    return _scalar(schema, named, is_nullable=is_nullable)


def _object(schema: Mapping[str, Any], *, is_nullable: bool) -> Kind:
    inner = schema.get("additionalProperties")
    if isinstance(inner, Mapping) and inner:
        return Kind("map", of=_kind(inner), is_nullable=is_nullable)
    return Kind("map", of=Kind("free"), is_nullable=is_nullable)


def _scalar(schema: Mapping[str, Any], types: set[str], *, is_nullable: bool) -> Kind:
    for type_name, name in (("number", "amount"), ("integer", "whole"), ("boolean", "flag")):
        if type_name in types:
            return Kind(name, is_nullable=is_nullable)
    if "string" not in types:
        return Kind("free")
    if schema.get("format") == "date-time":
        return Kind("time", is_nullable=is_nullable)
    choices = tuple(str(choice) for choice in schema.get("enum", ()) if choice is not None)
    return Kind("text", choices=choices, is_nullable=is_nullable)


def _operation(path: str, method: str, found: Mapping[str, Any], shapes: Mapping[str, Shape]) -> Operation:
    resource, name = called(found["operationId"], path, method)
    parameters = found.get("parameters", [])
    contents = _contents(found)
    # Where JSON is one of two forms, the other one has a method of its own.
    chosen = {"format"} if _CSV in contents else set()
    query = tuple(
        Field(one["name"], _kind(one["schema"]), bool(one.get("required")), str(one["schema"].get("description", "")))
        for one in parameters
        if one["in"] == "query" and one["name"] not in chosen
    )
    answer = _referred(contents[_JSON]["schema"]) if _JSON in contents else ""
    body = found.get("requestBody", {}).get("content", {}).get(_JSON, {})
    return Operation(
        resource=resource,
        name=name,
        http_method=method.upper(),
        path=path,
        tag=found["tags"][0],
        summary=found["summary"],
        doc=found["description"],
        path_names=tuple(one["name"] for one in parameters if one["in"] == "path"),
        query=query,
        body=shapes[_referred(body["schema"])] if body else None,
        answer=answer,
        pages=_pages(shapes[answer], query) if answer else None,
        has_csv=_CSV in contents,
        takes_idempotency_key=any(one["name"] == "Idempotency-Key" for one in parameters),
        example=next((one["value"] for one in body.get("examples", {}).values()), None),
    )


def _pages(answer: Shape, query: tuple[Field, ...]) -> Pages | None:
    cursor = next((field.name for field in query if field.name in _CURSORS), "")
    lists = [field for field in answer.fields if field.kind.name == "list" and field.kind.of]
    if not cursor or not lists or not lists[0].kind.of:
        return None
    return Pages(key=lists[0].name, item=lists[0].kind.of.shape, cursor=cursor)


def _contents(found: Mapping[str, Any]) -> Mapping[str, Any]:
    good = next(answer for status, answer in found["responses"].items() if status.startswith("2"))
    return good.get("content", {})  # type: ignore[no-any-return]


def _referred(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]
