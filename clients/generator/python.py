"""The generated part of the Python client: models of answers, typed dictionaries of requests, and the resources."""

import keyword
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from clients.generator.naming import WORDS, pascal
from clients.generator.reading import Api, Field, Kind, Operation, Shape

_HEAD: Final = '"""{doc} Generated from the OpenAPI document by `make clients`; changes belong there."""\n\n'
_LATER: Final = "from __future__ import annotations\n\n"  # shapes name each other
_WIDTH: Final = 112
_ANSWERED: Final = {
    "text": "str",
    "time": "datetime",
    "amount": "Decimal",
    "whole": "int",
    "flag": "bool",
    "free": "Any",
}
_ASKED: Final = {**_ANSWERED, "time": "Time", "amount": "Amount"}


def models(api: Api) -> str:
    """Return models.py: a dataclass for each shape that answers hold, and names for sets of words."""
    words = Words(api)
    head = _HEAD.format(doc="What the gateway answers.") + (
        f"{_LATER}from collections.abc import Mapping, Sequence\nfrom dataclasses import dataclass\n"
        "from datetime import datetime\nfrom decimal import Decimal\nfrom typing import Any, Literal\n\n"
        "from crypto_checkout.decoding import Model\n\n"
    )
    return head + "".join(words.definitions()) + "".join(_model(shape, words) for shape in api.answered())


def params(api: Api) -> str:
    """Return params.py: a typed dictionary for each shape inside the bodies of requests."""
    words = Words(api)
    asked = api.asked()
    head = _HEAD.format(doc="What requests hold beside plain values.") + (
        f"{_LATER}from collections.abc import Mapping, Sequence\nfrom typing import Any, NotRequired, TypedDict\n\n"
        "from crypto_checkout import models\nfrom crypto_checkout.encoding import Amount, Time\n\n"
    )
    return head + "".join(_typed_dictionary(shape, words) for shape in asked)


def resources(api: Api) -> str:
    """Return resources.py: a class for each part of the API, a method for each operation."""
    words = Words(api)
    head = _HEAD.format(doc="The operations.") + (
        "from collections.abc import Mapping, Sequence\nfrom typing import Any, Literal\n\n"
        "from crypto_checkout import models, params\n"
        "from crypto_checkout.encoding import NOT_GIVEN, Amount, NotGiven, Time, segment\n"
        "from crypto_checkout.pages import Pages\n"
        "from crypto_checkout.transport import Resource, Transport\n\n"
    )
    classes = [_resource(name, found, api, words) for name, found in api.resources.items()]
    return head + "".join(classes) + _all_resources(api)


class Words:
    """Names for sets of words that texts are one of, such as ``InvoiceStatus``; short ones are written out."""

    def __init__(self, api: Api) -> None:
        self.names: dict[tuple[str, ...], str] = {}
        owners: dict[str, set[tuple[str, ...]]] = {}
        # Of all shapes with the same words the one with the shortest name gives them theirs.
        found = sorted(_choices(api), key=lambda one: len(one[0]))
        for _, field, choices in found:
            owners.setdefault(field, set()).add(choices)
        for shape, field, choices in found:
            if len(choices) > 1 and choices not in self.names:
                is_alone = len(owners[field]) == 1
                self.names[choices] = self._free(pascal(field) if is_alone else f"{shape}{pascal(field)}", api)

    def _free(self, name: str, api: Api) -> str:
        better = WORDS.get(name, name)
        return f"{better}Choice" if better in self.names.values() or better in api.shapes else better

    def definitions(self) -> Iterator[str]:
        """Yield ``InvoiceStatus = Literal[…]`` for each name."""
        for choices, name in sorted(self.names.items(), key=lambda item: item[1]):
            yield f"{name} = Literal[{_quoted(choices)}]\n"

    def of(self, choices: tuple[str, ...], prefix: str) -> str:
        """Return the annotation for one of ``choices``."""
        name = self.names.get(choices)
        return f"{prefix}{name}" if name else f"Literal[{_quoted(choices)}]"


def _choices(api: Api) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield shape, field and words, answers first: their names are the better known ones."""
    bodies = [operation.body for operation in api.operations if operation.body]
    for shape in [*api.answered(), *api.asked(), *bodies]:
        for field in shape.fields:
            innermost = field.kind.of or field.kind
            if innermost.choices:
                yield shape.name.removeprefix("Patched"), field.name, innermost.choices
    for operation in api.operations:
        for field in operation.query:
            innermost = field.kind.of or field.kind
            if innermost.choices:
                yield pascal(operation.resource), field.name, innermost.choices


def _quoted(choices: Iterable[str]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def _model(shape: Shape, words: Words) -> str:
    lines = [
        "\n\n@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {shape.name}(Model):",
        f'    """{_sentence(shape.name)}"""\n',
    ]
    for field in shape.fields:
        annotation = _annotation(field.kind, words, _ANSWERED, "", "")
        default = "" if field.is_required else " = None"
        if default and not annotation.endswith("| None"):
            annotation += " | None"
        lines.append(f"    {_safe(field.name)}: {annotation}{default}")
        if field.doc:
            lines.append(_docstring(field.doc, "    "))
    return "\n".join(lines) + "\n"


def _typed_dictionary(shape: Shape, words: Words) -> str:
    lines = [f"\n\nclass {shape.name}(TypedDict):", f'    """{_sentence(shape.name)}"""\n']
    for field in shape.fields:
        annotation = _annotation(field.kind, words, _ASKED, "", "models.")
        lines.append(f"    {field.name}: {annotation if field.is_required else f'NotRequired[{annotation}]'}")
        if field.doc:
            lines.append(_docstring(field.doc, "    "))
    return "\n".join(lines) + "\n"


def _resource(name: str, operations: list[Operation], api: Api, words: Words) -> str:
    lines = [f'\n\nclass {pascal(name)}(Resource):\n    """{api.tags[operations[0].tag]}"""\n']
    for operation in operations:
        lines.append(_method(operation, words))
        if operation.has_csv:
            lines.append(_csv_method(operation, words))
    return "\n".join(lines)


def _all_resources(api: Api) -> str:
    head = '\n\nclass Resources:\n    """Every part of the API."""\n'
    lines = [head, "    def __init__(self, transport: Transport) -> None:"]
    lines += [f"        self.{name} = {pascal(name)}(transport)" for name in api.resources]
    return "\n".join(lines) + "\n"


def _method(operation: Operation, words: Words) -> str:
    arguments = [*_arguments(operation, operation.query, words)]
    if operation.takes_idempotency_key:
        arguments.append("idempotency_key: str | None = None")
    signature = f"{operation.name}({_signature(operation, arguments)}) -> {_result(operation)}"
    return _definition(operation, signature, _call(operation), operation.query)


def _csv_method(operation: Operation, words: Words) -> str:
    query = [field for field in operation.query if field.name not in {"limit", "cursor"}]
    signature = f"{operation.name}_csv({_signature(operation, [*_arguments(operation, query, words)])}) -> str"
    call = f'self._text("{operation.path}", {_pairs(query, fixed={"format": "csv"})})'
    return _definition(operation, signature, call, query)


def _signature(operation: Operation, arguments: list[str]) -> str:
    named = [argument for argument in arguments if argument.partition(":")[0] not in operation.path_names]
    ids = [argument for argument in arguments if argument not in named]
    return ", ".join(["self", *ids, *(["*"] if named else []), *named])


def _definition(operation: Operation, signature: str, call: str, query: Iterable[Field]) -> str:
    fields = [*(operation.body.fields if operation.body else ()), *query]
    told = [f"{_safe(field.name)}: {field.doc}" for field in fields if field.doc]
    about = "\n\n".join(dict.fromkeys([f"{operation.summary}.", *_paragraphs(operation)]))
    doc = about + ("\n\n" + "\n".join(told) if told else "")
    return f"    def {signature}:\n{_docstring(doc, '        ')}\n        return {call}\n"


def _paragraphs(operation: Operation) -> list[str]:
    return [part if part.endswith(".") else f"{part}." for part in operation.doc.split("\n\n")]


def _arguments(operation: Operation, query: Iterable[Field], words: Words) -> Iterator[str]:
    yield from (f"{name}: str" for name in operation.path_names)
    body = operation.body.fields if operation.body else ()
    asked = list(query)
    for field in sorted([*body, *asked], key=lambda field: not field.is_required):
        annotation = _annotation(field.kind, words, _ASKED, "params.", "models.")
        if field in asked and field.kind.name == "list" and field.kind.of:
            annotation = f"{_annotation(field.kind.of, words, _ASKED, '', 'models.')} | {annotation}"
        if not field.is_required:
            is_nullable = annotation.endswith(" | None")
            annotation = f"{annotation.removesuffix(' | None')} | NotGiven{' | None' * is_nullable} = NOT_GIVEN"
        yield f"{_safe(field.name)}: {annotation}"


def _result(operation: Operation) -> str:
    if operation.pages:
        return f"Pages[models.{operation.pages.item}]"
    return "bytes" if operation.is_file else f"models.{operation.answer}"


def _call(operation: Operation) -> str:
    query = _pairs(operation.query)
    path = operation.path
    for name in operation.path_names:
        path = path.replace(f"{{{name}}}", f"{{segment({name})}}")
    where = f'f"{path}"' if operation.path_names else f'"{path}"'
    if operation.pages:
        pages = operation.pages
        return f'self._pages(models.{pages.item}, {where}, ("{pages.key}", "{pages.cursor}"), {query})'
    if operation.is_file:
        return f"self._file({where}, {query})"
    if operation.http_method == "GET":
        return f"self._get(models.{operation.answer}, {where}, {query})"
    body = _pairs(operation.body.fields) if operation.body else "None"
    if not operation.takes_idempotency_key:
        return f"self._post(models.{operation.answer}, {where}, {body})"
    verb = operation.http_method
    return f'self._change(models.{operation.answer}, "{verb}", {where}, {body}, idempotency_key=idempotency_key)'


def _pairs(fields: Iterable[Field], *, fixed: dict[str, str] | None = None) -> str:
    pairs = [f'"{field.name}": {_safe(field.name)}' for field in fields]
    pairs += [f'"{name}": "{value}"' for name, value in (fixed or {}).items()]
    return "{" + ", ".join(pairs) + "}"


def _annotation(kind: Kind, words: Words, plain: dict[str, str], shapes: str, choices: str) -> str:
    def inner(of: Kind | None) -> str:
        return _annotation(of, words, plain, shapes, choices) if of else "Any"

    text = {
        "shape": f"{shapes}{kind.shape}",
        "list": f"Sequence[{inner(kind.of)}]",
        "map": f"Mapping[str, {inner(kind.of)}]",
    }.get(kind.name) or (words.of(kind.choices, choices) if kind.choices else plain[kind.name])
    return f"{text} | None" if kind.is_nullable else text


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _sentence(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words.capitalize()}."


def _docstring(text: str, indent: str) -> str:
    width = _WIDTH - len(indent)
    lines = [line for part in text.split("\n") for line in (textwrap.wrap(part, width) or [""])]
    escaped = [line.replace("\\", "\\\\") for line in lines]
    if len(escaped) == 1 and len(escaped[0]) < width - 6:
        return f'{indent}"""{escaped[0]}"""'
    first, *rest = [f"{indent}{line}".rstrip() for line in escaped]
    return "\n".join([f'{indent}"""', first, *rest, f'{indent}"""'])
