"""JSON keeps every digit on both ways, and nothing that is not JSON passes."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exact_json import dumps, loads, timestamp

DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal("-1e60"), max_value=Decimal("1e60")
).filter(lambda number: number.adjusted() > -400)
FRACTIONS = st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**30), max_value=10**30)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FRACTIONS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


class TestBothWays:
    @given(VALUES)
    def test_what_is_written_is_read(self, value):
        assert loads(dumps(value)) == value
        assert loads(dumps(value).encode()) == value

    @given(DECIMALS)
    def test_a_decimal_of_any_exponent_keeps_its_value(self, number):
        assert Decimal(loads(dumps(number))) == number

    @given(VALUES)
    def test_what_is_written_is_what_any_parser_takes_for_json(self, value):
        json.loads(dumps(value))


class TestWriting:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Decimal("16.49"), "16.49"),
            (Decimal("16.490"), "16.490"),
            (Decimal("0.000000000000000001"), "0.000000000000000001"),
            (Decimal("1E+3"), "1000"),
            (Decimal("1E-7"), "0.0000001"),
            (Decimal("-0.10"), "-0.10"),
            (2**256 - 1, str(2**256 - 1)),
            ({"a": [1, None, True, "ü🍋"]}, '{"a":[1,null,true,"ü🍋"]}'),
            ("\0\u2028</script>", '"\\u0000\u2028</script>"'),
            (datetime(2025, 1, 15, 10, 0, 0, 999, tzinfo=UTC), '"2025-01-15T10:00:00Z"'),
            (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        ],
    )
    def test_digit_by_digit(self, value, text):
        assert dumps(value) == text

    @pytest.mark.parametrize(
        "value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), {"a": [Decimal("NaN")]}]
    )
    def test_a_number_json_does_not_have_is_refused(self, value):
        with pytest.raises(ValueError, match="no number"):
            dumps(value)

    @pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
    def test_an_object_without_a_json_form_is_refused(self, value):
        with pytest.raises(TypeError):
            dumps(value)


class TestReading:
    def test_no_float_is_ever_made(self):
        assert loads("[1, 1.0, 1e2, 0.1]") == [1, Decimal("1.0"), Decimal("1E+2"), Decimal("0.1")]
        assert [type(value) for value in loads("[1, 1.0, 1e2]")] == [int, Decimal, Decimal]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[1,]",
            "{'a': 1}",
            '{"a": 1} {"b": 2}',
            "NaN",
            "[Infinity]",
            '{"a": -Infinity}',
            "01",
            "1.",
            ".5",
            "+1",
            "0x10",
            '"\n"',
            "tru",
            b"\xff",
            b'"\xed\xa0\x80"',
            "[" * 100_000,
            '{"a":' * 100_000,
        ],
    )
    def test_what_is_not_json_is_refused(self, text):
        with pytest.raises(ValueError):  # noqa: PT011 - any of the parser's own messages
            loads(text)

    @pytest.mark.parametrize(
        "text",
        [
            "9" * 5000,
            "0." + "9" * 1000,
            "1e401",
            "1e-401",
            "0e999999",
            "1e999999999",  # ten characters that would be written as a gigabyte
            "1e" + "9" * 30,
        ],
    )
    def test_boundless_numbers_are_refused(self, text):
        with pytest.raises(ValueError, match=r"number|digits"):
            loads(f'{{"a":[{text}]}}')

    @pytest.mark.parametrize("text", ["9" * 4000, "0." + "9" * 998, "1e400", "1e-400", "1e308"])
    def test_large_numbers_are_read(self, text):
        assert Decimal(loads(text)) == Decimal(text)


class TestTimestamps:
    @pytest.mark.parametrize(
        "moment",
        [
            datetime(2025, 1, 15, 10, 0, tzinfo=UTC),
            datetime(2025, 1, 15, 12, 0, tzinfo=timezone(timedelta(hours=2))),
            datetime(2025, 1, 14, 23, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=-10, minutes=-30))),
        ],
    )
    def test_they_are_utc_with_whole_seconds(self, moment):
        assert timestamp(moment) == "2025-01-15T10:00:00Z"


@pytest.fixture
def raised_limit() -> Iterator[None]:
    """As after the import of a library that wants to recurse deeply."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(limit)


class TestDepth:
    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 901 + "]" * 901, '["[[", ' * 1000])
    def test_no_depth_ends_the_process_whatever_the_limit(self, raised_limit, text):
        with pytest.raises(ValueError, match="nested too deeply"):
            loads(text)

    def test_many_brackets_beside_each_other_or_in_texts_are_fine(self, raised_limit):
        assert loads(json.dumps([[], {}] * 2000)) == [[], {}] * 2000
        assert loads(json.dumps(["[" * 2000, '\\"[{' * 2000])) == ["[" * 2000, '\\"[{' * 2000]
        assert loads("[" * 900 + "]" * 900)

    @pytest.mark.parametrize("hidden", ['"]"', '"","]"', '""," ]"', '"a","]","b"', '"\\"]"'])
    def test_brackets_within_texts_do_not_hide_how_deep_a_document_is(self, raised_limit, hidden):
        with pytest.raises(ValueError, match="nested too deeply"):
            loads(f"[{hidden}," * 2000)

    def test_many_shallow_things_are_read(self, raised_limit):
        value = [{"topics": ["0x12", "[", "}"], "data": {"a": [[], {}]}} for _ in range(5000)]

        assert loads(json.dumps(value)) == value
