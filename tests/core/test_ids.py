"""Identifiers are ordered by time, hard to guess, and read back only in the one form they are written in."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import parse_public_id, public_id, uuid7
from core.models import IdempotencyKey, Record

KEYS = st.uuids()
ALPHABET = set("0123456789abcdefghjkmnpqrstvwxyz")


class TestUUID7:
    def test_version_and_variant_are_those_of_rfc_9562(self):
        keys = [uuid7() for _ in range(1000)]

        assert {key.version for key in keys} == {7}
        assert {key.variant for key in keys} == {"specified in RFC 4122"}
        assert len(set(keys)) == 1000

    def test_the_first_48_bits_are_the_time_in_milliseconds(self):
        before = time.time_ns() // 1_000_000
        key = uuid7()
        after = time.time_ns() // 1_000_000

        assert before <= key.int >> 80 <= after

    def test_later_keys_sort_after_earlier_ones(self):
        first = uuid7()
        time.sleep(0.002)

        assert first < uuid7()

    def test_74_bits_are_random(self):
        keys = [uuid7().int for _ in range(400)]

        always_set = always_clear = (1 << 80) - 1
        for key in keys:
            always_set &= key
            always_clear &= ~key
        fixed = (always_set | always_clear) & ((1 << 80) - 1)
        assert fixed == 0xF << 76 | 0x3 << 62  # version and variant


class TestPublicIds:
    @given(KEYS)
    def test_what_is_written_is_read(self, key):
        text = public_id("inv", key)

        assert parse_public_id("inv", text) == key
        assert len(text) == 30
        assert set(text[4:]) <= ALPHABET

    @given(KEYS, KEYS)
    def test_the_order_of_the_texts_is_the_order_of_the_keys(self, one, other):
        assert (public_id("inv", one) < public_id("inv", other)) == (one < other)

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            (UUID(int=0), "inv_00000000000000000000000000"),
            (UUID(int=31), "inv_0000000000000000000000000z"),
            (UUID(int=32), "inv_00000000000000000000000010"),
            (UUID(int=2**128 - 1), "inv_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ],
    )
    def test_the_edges(self, key, text):
        assert public_id("inv", key) == text
        assert parse_public_id("inv", text) == key

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "inv_",
            "00000000000000000000000000",
            "pay_00000000000000000000000000",
            "INV_00000000000000000000000000",
            "inv-00000000000000000000000000",
            "inv_0000000000000000000000000",
            "inv_000000000000000000000000000",
            "inv_80000000000000000000000000",  # above 128 bits
            "inv_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "inv_0000000000000000000000000Z",
            "inv_0000000000000000000000000u",
            "inv_0000000000000000000000000\u0661",  # a digit of another script
            "inv_0000000000000000000000000\0",
            "inv_ 000000000000000000000000",
            "inv_00000000000000000000000000\n",
            None,
            7,
            b"inv_00000000000000000000000000",
            ["inv_00000000000000000000000000"],
        ],
    )
    def test_everything_else_is_no_id(self, text):
        assert parse_public_id("inv", text) is None

    @given(st.text(alphabet=st.characters(), min_size=26, max_size=26))
    def test_no_two_texts_name_one_key(self, body):
        key = parse_public_id("inv", f"inv_{body}")

        assert key is None or public_id("inv", key) == f"inv_{body}"

    def test_a_model_reads_only_its_own_prefix(self):
        from events.models import Event

        key = uuid7()

        assert issubclass(Event, Record)
        assert Event(pk=key).public_id == str(Event(pk=key)) == public_id("evt", key)
        assert Event.key_from(public_id("evt", key)) == key
        assert Event.key_from(public_id("inv", key)) is None


def test_an_idempotency_key_names_itself_in_the_admin():
    assert str(IdempotencyKey(scope="m:test", key="k")) == "m:test k"
