"""Secrets are unreadable without their key, and masked where people look."""

import hashlib
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import env
from core import secrets
from core.secrets import SecretUnreadable, decrypt, digest, encrypt, mask, random_base62


class TestEncryption:
    @given(st.text())
    def test_what_is_encrypted_can_be_read_again(self, text):
        assert decrypt(encrypt(text)) == text

    def test_the_stored_text_says_nothing_and_differs_each_time(self):
        first, second = encrypt("whsec_hello"), encrypt("whsec_hello")

        assert first != second
        assert "hello" not in first

    def test_a_new_key_in_front_keeps_the_old_secrets_readable(self, settings):
        settings.SECRET_ENCRYPTION_KEYS = ["old key, any text"]
        stored = encrypt("hello")

        settings.SECRET_ENCRYPTION_KEYS = ["new key", "old key, any text"]

        assert decrypt(stored) == "hello"
        fresh = encrypt("hello")
        settings.SECRET_ENCRYPTION_KEYS = ["new key"]
        assert decrypt(fresh) == "hello"
        with pytest.raises(SecretUnreadable):
            decrypt(stored)

    @pytest.mark.parametrize(
        "alter",
        [lambda s: s[:-10], lambda s: s[:20] + ("B" if s[20] == "A" else "A") + s[21:], lambda s: "", lambda s: "ü"],
    )
    def test_an_altered_text_is_refused(self, alter):
        stored = encrypt("hello")

        with pytest.raises(SecretUnreadable):
            decrypt(alter(stored))

    def test_the_error_does_not_show_the_secret(self, settings):
        stored = encrypt("hello")
        settings.SECRET_ENCRYPTION_KEYS = ["another key"]

        with pytest.raises(SecretUnreadable) as failure:
            decrypt(stored)

        assert stored not in str(failure.value)


def test_a_digest_is_the_sha256_of_the_text():
    assert digest("sk_test_ü") == hashlib.sha256("sk_test_ü".encode()).hexdigest()


def test_random_text_uses_all_62_characters_evenly():
    text = random_base62(62_000)

    counts = Counter(text)
    assert set(counts) == set(secrets.BASE62)
    assert len(secrets.BASE62) == 62
    assert 800 < min(counts.values()) <= max(counts.values()) < 1200
    assert len({random_base62(32) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("sk_live_" + "a" * 29 + "123", "sk_live_***123"),
        ("sk_test_invoices_" + "a" * 29 + "xyz", "sk_test_invoices_***xyz"),
        ("whsec_" + "b" * 40 + "9/=", "whsec_***9/="),
        ("whsec_short", "whsec_***"),
        ("my_own_long_secret_phrase_123", "***123"),
        ("sk_my_own_long_secret", "***ret"),
        ("hunter2", "***"),
        ("", "***"),
    ],
)
def test_a_mask_shows_our_prefix_and_the_end_of_a_long_secret_only(secret, shown):
    assert mask(secret) == shown


def test_what_vouches_for_somebody_is_never_compared_letter_by_letter():
    """Keys are found by their hash and signatures compared in constant time: how long it took tells nothing."""
    vouching = r"(signature|secret|token|hmac)\b"
    compares = re.compile(rf"\b\w*{vouching}[\w.()]* (==|!=)|(==|!=) [\w.]*{vouching}")
    harmless = {
        "chains/solana_transactions.py",  # the name of a transaction
        "dashboard/access.py",  # which business a form was opened for; the session says who it is
    }
    sources = [module for app in env.ROOT.glob("*/apps.py") for module in app.parent.rglob("*.py")]

    found = {str(module.relative_to(env.ROOT)) for module in sources if compares.search(module.read_text())}

    assert found <= harmless
    assert compares.search("if given == stored_signature:")
    assert compares.search("if row.token != token:")
