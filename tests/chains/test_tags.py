"""Tags: each once at an address, far from its neighbours."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains import registry
from chains.addresses import can_spend
from chains.tags import new_tag

TAGGED = replace(registry.network("sandbox"), tag_kind="destination_tag")
REFERENCED = replace(registry.network("sandbox"), tag_kind="reference")
SEQUENCES = st.integers(0, 2**32 - 2)


@given(SEQUENCES, SEQUENCES)
def test_no_two_invoices_have_one_destination_tag(one, other):
    assert (new_tag(TAGGED, one) == new_tag(TAGGED, other)) is (one == other)


@given(SEQUENCES)
def test_a_destination_tag_has_32_bits_and_is_never_zero(sequence):
    assert 0 < int(new_tag(TAGGED, sequence)) < 2**32


@given(st.integers(0, 2**32 - 3))
def test_neighbours_differ_by_more_than_a_typing_error(sequence):
    one, other = new_tag(TAGGED, sequence), new_tag(TAGGED, sequence + 1)

    assert len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) > 1


@pytest.mark.parametrize("sequence", [-1, 2**32 - 1])
def test_an_address_has_an_end_of_tags(sequence):
    with pytest.raises(OverflowError):
        new_tag(TAGGED, sequence)


def test_references_are_32_bytes_nobody_had_before():
    references = {new_tag(REFERENCED, 0) for _ in range(50)}

    assert len(references) == 50
    assert all(32 <= len(reference) <= 44 for reference in references)
    assert not any(can_spend(reference) for reference in references)


def test_elsewhere_there_are_none():
    assert new_tag(registry.network("sandbox"), 5) == ""
