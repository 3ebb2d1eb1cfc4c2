"""The declarations: what they read, what they refuse, and that their schema says the same."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.http import QueryDict

from api.validation import (
    URL,
    Amount,
    Choice,
    Email,
    Flag,
    FreeForm,
    ListOf,
    MapOf,
    Moment,
    Number,
    Shape,
    Text,
    Whole,
)
from core.errors import Invalid, SeveralInvalid


def refused(field, value):
    with pytest.raises(Invalid) as caught:
        field.read(value, "here")
    assert caught.value.field == "here"
    return caught.value.code


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Text(max=3), "abc", "abc"),
        (Text(max=3, min=0), "", ""),
        (Text(max=3, nullable=True), None, None),
        (Text(max=3), "🗝️", "🗝️"),
        (Whole(min=1, max=9), 9, 9),
        (Whole(min=1, max=99), Decimal("20.0"), 20),
        (Whole(min=0, max=10**20), Decimal("1e20"), 10**20),
        (Amount(), Decimal("0.000000000000000001"), Decimal("0.000000000000000001")),
        (Amount(), "16.49", Decimal("16.49")),
        (Amount(), 5, Decimal(5)),
        (Amount(min=0, max=1), "0", Decimal(0)),
        (Amount(digits=2), Decimal("1.50"), Decimal("1.50")),
        (Amount(digits=2), Decimal("1.500"), Decimal("1.500")),
        (Flag(), False, False),
        (Choice("a", "b"), "b", "b"),
        (Moment(), "2025-01-15T10:00:00Z", datetime(2025, 1, 15, 10, tzinfo=UTC)),
        (Moment(), "2025-01-15t12:00:00.5+02:00", datetime(2025, 1, 15, 10, 0, 0, 500000, tzinfo=UTC)),
        (URL(), "https://merchant.com/a?b=c", "https://merchant.com/a?b=c"),
        (URL(), "http://localhost:8000/x", "http://localhost:8000/x"),
        (Email(), "a@example.com", "a@example.com"),
        (ListOf(Whole(min=0, max=9), max=3), [1, 2], [1, 2]),
        (MapOf(Whole(min=0, max=9)), {"a": 1}, {"a": 1}),
        (FreeForm(), {"a": {"b": [1, "x", None, True]}}, {"a": {"b": [1, "x", None, True]}}),
    ],
)
def test_what_is_right_is_read(field, value, expected):
    found = field.read(value, "here")

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (Text(max=3), None, "INVALID_TYPE"),
        (Text(max=3), 5, "INVALID_TYPE"),
        (Text(max=3), "abcd", "OUT_OF_RANGE"),
        (Text(max=3), "", "OUT_OF_RANGE"),
        (Text(max=3), "\u00a0 ", "OUT_OF_RANGE"),
        (Text(max=3, pattern="^[A-Z]+$"), "ab", "OUT_OF_RANGE"),
        (Whole(min=1, max=9), 10, "OUT_OF_RANGE"),
        (Whole(min=1, max=9), True, "INVALID_TYPE"),
        (Whole(min=1, max=9), "5", "INVALID_TYPE"),
        (Whole(min=1, max=9), Decimal("1.5"), "INVALID_TYPE"),
        (Whole(min=1, max=9), Decimal("1e999999"), "INVALID_TYPE"),
        (Amount(), "NaN", "INVALID_TYPE"),
        (Amount(), "1e5", "INVALID_TYPE"),
        (Amount(), " 1", "INVALID_TYPE"),
        (Amount(), "1_000", "INVALID_TYPE"),
        (Amount(), "١٢", "INVALID_TYPE"),
        (Amount(), "1" * 61, "INVALID_TYPE"),
        (Amount(), Decimal("1e999999"), "INVALID_TYPE"),
        (Amount(), True, "INVALID_TYPE"),
        (Amount(), [1], "INVALID_TYPE"),
        (Amount(min=0), Decimal("-0.01"), "OUT_OF_RANGE"),
        (Amount(above=0), 0, "OUT_OF_RANGE"),
        (Amount(max=1), Decimal("1.01"), "OUT_OF_RANGE"),
        (Amount(digits=2), Decimal("0.001"), "OUT_OF_RANGE"),
        (Flag(), 1, "INVALID_TYPE"),
        (Choice("a"), "A", "UNKNOWN_CHOICE"),
        (Choice("a"), ["a"], "INVALID_TYPE"),
        (Moment(), "2025-01-15T10:00:00", "INVALID_TIME"),
        (Moment(), "2025-02-30T10:00:00Z", "INVALID_TIME"),
        (Moment(), "0001-01-01T00:00:00+23:59", "INVALID_TIME"),
        (Moment(), 1736935200, "INVALID_TYPE"),
        (URL(), "ftp://merchant.com", "INVALID_URL"),
        (URL(), "javascript:alert(1)", "INVALID_URL"),
        (URL(), "https://user:pw@merchant.com/", "INVALID_URL"),
        (URL(), "https://", "INVALID_URL"),
        (URL(), "https://merchant.com:99999/", "INVALID_URL"),
        (URL(), "https://[::1/", "INVALID_URL"),
        (URL(), "https://a b.com/", "INVALID_URL"),
        (URL(), "https://merchant.com/" + "x" * 2048, "OUT_OF_RANGE"),
        (Email(), "a@", "OUT_OF_RANGE"),
        (ListOf(Flag(), max=1), [True, True], "OUT_OF_RANGE"),
        (ListOf(Flag(), max=1), {"0": True}, "INVALID_TYPE"),
        (ListOf(Flag(), max=2, unique=True), [True, True], "OUT_OF_RANGE"),
        (FreeForm(), [], "INVALID_TYPE"),
        (FreeForm(max_bytes=10), {"a": "xxxxxxxxxx"}, "OUT_OF_RANGE"),
        (FreeForm(max_keys=1), {"a": 1, "b": 2}, "OUT_OF_RANGE"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(field, value, code):
    assert refused(field, value) == code


def test_a_number_that_would_fill_the_memory_is_refused_before_it_is_written_out():
    with pytest.raises(Invalid) as caught:
        FreeForm().read({"a": [1, {"b": Decimal("1e999999999")}]}, "metadata")

    assert caught.value.field == "metadata.a[1].b"


def test_free_json_has_a_depth():
    deep = {"a": {"b": {"c": {"d": {"e": 1}}}}}

    assert FreeForm(max_depth=5).read(deep, "here") == deep
    with pytest.raises(Invalid, match="nests too deeply"):
        FreeForm(max_depth=4).read(deep, "here")


ITEM = Shape("Item", {"name": Text(max=10), "price": Amount(min=0)})
ORDER = Shape(
    "Order",
    {
        "title": Text(max=10),
        "items": ListOf(ITEM, min=1, max=3),
        "count": Whole(min=1, max=9, default=1),
        "note": Text(max=10, required=False, nullable=True),
    },
)


def test_an_absent_field_is_left_out_unless_it_has_a_default():
    assert ORDER.read({"title": "a", "items": [{"name": "b", "price": 1}]}) == {
        "title": "a",
        "items": [{"name": "b", "price": Decimal(1)}],
        "count": 1,
    }
    assert ORDER.read({"title": "a", "items": [{"name": "b", "price": 1}], "note": None})["note"] is None


def test_every_failure_is_found_in_the_order_of_the_declaration():
    with pytest.raises(SeveralInvalid) as caught:
        ORDER.read({"items": [{"name": 5, "price": -1}, 7, {"name": "x", "price": 1, "y": 1}], "count": 0, "extra": 1})

    assert [(each.code, each.field) for each in caught.value.failures] == [
        ("MISSING_FIELD", "title"),
        ("INVALID_TYPE", "items[0].name"),
        ("OUT_OF_RANGE", "items[0].price"),
        ("INVALID_TYPE", "items[1]"),
        ("UNKNOWN_FIELD", "items[2].y"),
        ("OUT_OF_RANGE", "count"),
        ("UNKNOWN_FIELD", "extra"),
    ]


def test_an_unknown_field_is_found_beside_a_default():
    with pytest.raises(Invalid) as caught:
        ORDER.read({"title": "a", "items": [{"name": "b", "price": 1}], "x": 1})

    assert (caught.value.code, caught.value.field) == ("UNKNOWN_FIELD", "x")


def test_not_more_failures_are_told_than_anybody_reads():
    with pytest.raises(SeveralInvalid) as caught:
        Shape("Empty", {}).read({f"field{n}": 1 for n in range(1000)})

    assert len(caught.value.failures) == 25


def test_the_schema_says_what_the_declaration_checks():
    assert ORDER.object_schema(lambda shape: shape.object_schema(lambda _: {})) == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 10, "minLength": 1, "pattern": r"\S"},
            "items": {
                "type": "array",
                "maxItems": 3,
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "maxLength": 10, "minLength": 1, "pattern": r"\S"},
                        "price": {
                            "type": ["number", "string"],
                            "minimum": 0,
                            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
                            "maxLength": 60,
                        },
                    },
                    "required": ["name", "price"],
                    "additionalProperties": False,
                },
            },
            "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
            "note": {"type": ["string", "null"], "maxLength": 10, "minLength": 1, "pattern": r"\S"},
        },
        "required": ["title", "items"],
        "additionalProperties": False,
    }


def test_an_answer_may_grow():
    assert "additionalProperties" not in Shape("A", {"n": Number()}, is_open=True).object_schema(dict)


QUERY = Shape(
    "Query",
    {
        "limit": Whole(min=1, max=100, default=20),
        "status": ListOf(Choice("a", "b"), max=2, required=False),
        "after": Moment(required=False),
        "amount": Amount(required=False),
        "logo": Flag(required=False),
    },
)


def test_a_query_is_read_by_the_same_declaration():
    assert QUERY.read_query(QueryDict("limit=5&status=a,b&after=2025-01-15T10:00:00Z&amount=1.5&logo=true")) == {
        "limit": 5,
        "status": ["a", "b"],
        "after": datetime(2025, 1, 15, 10, tzinfo=UTC),
        "amount": Decimal("1.5"),
        "logo": True,
    }
    assert QUERY.read_query(QueryDict("")) == {"limit": 20}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=5.0", "limit"),
        ("limit=٣", "limit"),
        ("status=a,c", "status[1]"),
        ("logo=yes", "logo"),
        ("logo=true&logo=true", "logo"),
        ("after=now", "after"),
        ("amount=1e3", "amount"),
        ("x=1", "x"),
    ],
)
def test_a_query_that_is_wrong_is_refused(query, field):
    with pytest.raises(Invalid) as caught:
        QUERY.read_query(QueryDict(query))

    assert caught.value.field == field
