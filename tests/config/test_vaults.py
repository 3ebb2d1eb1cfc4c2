"""The environment of vaults: what could cost money is refused at the start."""

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.vaults import FEE_CAPS, fee_addresses, fee_caps, vault_keys

KEY = "k" * 32
ADDRESS = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"


def test_keys_are_long_and_encrypt_nothing_else():
    assert vault_keys([KEY], others=["another"]) == [KEY]
    assert vault_keys([], others=[KEY]) == []
    for keys, others in ([KEY, "short"], []), ([KEY], ["a", KEY]):
        with pytest.raises(ImproperlyConfigured, match="VAULT_KEYS") as refusal:
            vault_keys(keys, others=others)
        assert KEY not in str(refusal.value)


def test_caps_are_amounts_and_the_others_keep_theirs():
    assert fee_caps(["ethereum=0.5"]) == FEE_CAPS | {"ethereum": Decimal("0.5")}
    for pair in ("ethereum=0", "ethereum=-1", "ethereum=NaN", "ethereum=x", "ethereum", "bitcoin=1", "moon=1"):
        with pytest.raises(ImproperlyConfigured, match="VAULT_FEE_CAPS"):
            fee_caps([pair])


def test_fee_addresses_are_addresses():
    assert fee_addresses([f"ethereum={ADDRESS.lower()}"]) == {"ethereum": ADDRESS}
    tron = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
    assert fee_addresses([f"tron={tron}"]) == {"tron": tron}
    for pair in (
        "ethereum=0x12",
        f"tron={ADDRESS}",
        f"ethereum={tron}",
        "bitcoin=bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    ):
        with pytest.raises(ImproperlyConfigured, match="PLATFORM_FEE_ADDRESSES"):
            fee_addresses([pair])
