"""
How declarations become OpenAPI 3.1: ``operation`` marks a handler with what it takes and gives.

    @operation("List API keys", query=LIST_QUERY, answers={200: KEY_LIST})
    def get(self, request: Request) -> Response: ...

The view checks requests against the same declarations, so the schema cannot promise something else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from api.idempotency import HEADER as IDEMPOTENCY_HEADER
from api.validation import ListOf, Schema, Shape
from api.wire import WireFormat

F = TypeVar("F", bound=Callable[..., Any])

_JSON: Final = "application/json"
_IDEMPOTENT: Final = frozenset({"POST", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one URL takes: the shapes of its body and of its query parameters."""

    body: Shape | None = None
    query: Shape | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """An answer that is not JSON: its media types."""

    media_types: Sequence[str] = field(default_factory=tuple)


Answers = Mapping[int, Shape | Binary | tuple[Shape | Binary, ...] | None]


def operation(  # noqa: PLR0913 - a declaration: every part is named
    summary: str,
    *,
    answers: Answers,
    body: Shape | None = None,
    query: Shape | None = None,
    description: str = "",
    request_example: Any = None,
    answer_example: Any = None,
) -> Callable[[F], F]:
    """
    Declare what a handler takes and gives.

    ``answers`` maps each good status to the shape of its body (None: no body; several: the caller
    chooses). Every failure has the error envelope; it need not be listed. The examples are JSON values.
    """
    examples = [
        *_example("Request", request_example, request_only=True),
        *_example("Answer", answer_example, response_only=True, status_codes=[str(min(answers))]),
    ]

    def mark(handler: F) -> F:
        described: Any = extend_schema(
            summary=summary,
            description=description or summary,
            request={_JSON: body} if body else None,
            responses=_responses(answers),
            parameters=_query_parameters(query) if query else None,
            examples=examples or None,
        )(handler)
        described.operation = Operation(body=body, query=query)
        return cast("F", described)

    return mark


class ApiSchema(AutoSchema):
    """The OpenAPI operation of a view, with the security, headers and failures that all of them share."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        if not hasattr(self.view, "required_scopes"):
            return [{}]
        credentials = self._wire.credentials
        for name, definition in credentials.items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=name, type=ResolvedComponent.SECURITY_SCHEMA, object=name, schema=definition
            )
            self.registry.register_on_missing(component)
        return [{name: []} for name in credentials]

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = [*super().get_override_parameters()]
        if hasattr(self.view, "required_scopes") and self.method in _IDEMPOTENT:
            parameters.append(
                OpenApiParameter(
                    name=IDEMPOTENCY_HEADER,
                    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
                    location=OpenApiParameter.HEADER,
                    description="Sent again with the same key, the request is done once and its answer repeated.",
                )
            )
        return parameters

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "required_scopes", {}).get(self.method)
        text = str(super().get_description() or "")
        return f"{text}\n\nNeeds the permission `{scope}`." if scope else text

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or super().get_tags()[0]]

    def get_operation_id(self) -> str:
        name = str(super().get_operation_id())
        declared = getattr(getattr(self.view, self.method.lower(), None), "operation", None)
        is_list = declared is not None and declared.query is not None and "limit" in declared.query.fields
        return f"{name.removesuffix('_retrieve')}_list" if is_list else name

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return {}

    @property
    def _wire(self) -> WireFormat:
        return cast("Any", self.view).wire  # type: ignore[no-any-return] # every view of ours has one

    def _get_response_bodies(self, direction: Direction = "response") -> Any:
        """Add to the answers that the handler declares the shape that every failure of the format has."""
        failure = OpenApiResponse(self._wire.error_shape, description="What went wrong.")
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        told: Any = self._get_response_for_code(failure, "default", direction=direction)  # type: ignore[no-untyped-call]
        return {**bodies, "default": told}

    def get_filter_backends(self) -> list[Any]:
        return []

    def _is_list_view(self, serializer: Any = None) -> bool:  # noqa: ARG002 - lists say so in their own shape
        return False


class ShapeExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Lets our shapes stand where the generator expects serializers."""

    target_class = Shape
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:  # noqa: ARG002
        return str(self.target.name)

    def get_identity(self, auto_schema: AutoSchema, direction: Direction) -> str:  # noqa: ARG002
        return str(self.target.name)

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        def ref(shape: Shape) -> Schema:
            return dict(auto_schema.resolve_serializer(cast("Any", shape), direction).ref)

        shape: Shape = self.target
        return shape.object_schema(ref)


def _responses(answers: Answers) -> dict[Any, Any]:
    responses: dict[Any, Any] = {}
    for status, kinds in answers.items():
        for answer in kinds if isinstance(kinds, tuple) else (kinds,):
            if isinstance(answer, Binary):
                binary = OpenApiResponse({"type": "string", "format": "binary"}, description="The file.")
                responses.update({(str(status), media_type): binary for media_type in answer.media_types})
            else:
                # Beside a file the generator wants to be told the media type of the other answer too.
                responses[(str(status), _JSON) if isinstance(kinds, tuple) else str(status)] = answer
    return responses


def _query_parameters(query: Shape) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            name=name,
            type=parameter.schema(lambda shape: shape.object_schema(lambda _: {})),
            location=OpenApiParameter.QUERY,
            required=parameter.required,
            description=parameter.doc,
            style="form" if isinstance(parameter, ListOf) else None,
            explode=False if isinstance(parameter, ListOf) else None,
        )
        for name, parameter in query.fields.items()
    ]


def _example(name: str, value: Any, **marks: Any) -> list[OpenApiExample]:
    return [] if value is None else [OpenApiExample(name, value=value, **marks)]
