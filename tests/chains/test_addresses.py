"""Addresses and keys against published vectors: BIP-32 (vector 1), BIP-39's first phrase under BIP-44, EIP-55."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.addresses import check_xpub, derive, is_valid_address, normalise_address
from chains.codecs import base58check_decode, base58check_encode, evm_address, keccak256, tron_address
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from core.errors import Invalid

# The account keys of "abandon abandon … about": m/44'/60'/0' and m/44'/195'/0'.
ETH_ACCOUNT = (
    "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"
)
TRX_ACCOUNT = (
    "xpub6D1AabNHCupeiLM65ZR9UStMhJ1vCpyV4XbZdyhMZBiJXALQtmn9p42VTQckoHVn8WNqS7dqnJokZHAHcHGoaQgmv8D45oNUKx6DZMNZBCd"
)
# BIP-32, test vector 1.
VECTOR_1_MASTER = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
)
VECTOR_1_MASTER_PRIVATE = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
)
VECTOR_1_LEVEL_3 = (  # m/0'/1/2'
    "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5"
)
VECTOR_1_LEVEL_4 = (  # m/0'/1/2'/2
    "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV"
)
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


class TestDerive:
    @pytest.mark.parametrize(
        ("network", "xpub", "index", "address"),
        [
            ("ethereum", ETH_ACCOUNT, 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
            ("base", ETH_ACCOUNT, 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
            ("evm", ETH_ACCOUNT, 1, "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"),
            ("tron", TRX_ACCOUNT, 0, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
        ],
    )
    def test_addresses_of_the_well_known_phrase(self, network, xpub, index, address):
        assert derive(network, xpub, index) == address

    def test_public_derivation_agrees_with_bip_32_vector_1(self):
        from bip_utils import Bip32Slip10Secp256k1

        level_3 = Bip32Slip10Secp256k1.FromExtendedKey(check_xpub("evm", VECTOR_1_LEVEL_3))

        assert level_3.ChildKey(2).PublicKey().ToExtended() == VECTOR_1_LEVEL_4

    def test_many_addresses_agree_with_the_library_that_knows_the_seed(self):
        from bip_utils import Bip39SeedGenerator, Bip44, Bip44Changes, Bip44Coins

        account = Bip44.FromSeed(Bip39SeedGenerator(PHRASE).Generate(), Bip44Coins.TRON).Purpose().Coin().Account(0)
        chain = account.Change(Bip44Changes.CHAIN_EXT)

        for index in [*range(20), 2**31 - 1]:
            assert derive("tron", TRX_ACCOUNT, index) == chain.AddressIndex(index).PublicKey().ToAddress()

    @pytest.mark.parametrize("index", [-1, 2**31])
    def test_hardened_children_are_refused(self, index):
        with pytest.raises(ValueError, match="no public key has a child"):
            derive("ethereum", ETH_ACCOUNT, index)

    def test_a_network_without_keys_is_refused(self):
        with pytest.raises(LookupError):
            derive("sandbox", ETH_ACCOUNT, 0)
        with pytest.raises(LookupError):
            derive("nowhere", ETH_ACCOUNT, 0)


class TestCheckXpub:
    @pytest.mark.parametrize("text", [ETH_ACCOUNT, f"  {ETH_ACCOUNT}\n"])
    def test_an_account_key_comes_back_in_one_form(self, text):
        assert check_xpub("ethereum", text) == ETH_ACCOUNT

    def test_test_network_version_bytes_become_the_same_key(self):
        payload = base58check_decode(ETH_ACCOUNT)
        tpub = base58check_encode(bytes.fromhex("043587cf") + payload[4:])

        assert tpub.startswith("tpub")
        assert check_xpub("ethereum", tpub) == ETH_ACCOUNT

    @pytest.mark.parametrize(
        "secret",
        [
            VECTOR_1_MASTER_PRIVATE,
            VECTOR_1_MASTER_PRIVATE.replace("xprv", "zprv"),
            VECTOR_1_MASTER_PRIVATE[:40],
            PHRASE,
            PHRASE.upper().replace(" ", "  "),
            PHRASE.removesuffix(" about"),
            PHRASE + " about",
            " ".join(["legal winner thank year wave sausage worth useful"] * 3),
            "\u00e1baco " * 12,
            "的 " * 12,
            "e9873d79c6d87dc0fb6a5778633389f4453213303da61f20bd67fc233aa33262",
            "0xe9873d79c6d87dc0fb6a5778633389f4453213303da61f20bd67fc233aa33262",
            "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
            "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
        ],
    )
    def test_what_can_spend_is_refused_and_never_repeated(self, secret):
        with pytest.raises(PrivateKeyGiven) as refusal:
            check_xpub("ethereum", secret)

        told = f"{refusal.value} {refusal.value!r} {refusal.value.__dict__} {refusal.value.__cause__}"
        assert not any(word in told for word in secret.split() if len(word) > 7)
        assert refusal.value.code == "PRIVATE_KEY_GIVEN"

    def test_an_extended_private_key_under_false_version_bytes_is_recognised(self):
        payload = base58check_decode(VECTOR_1_MASTER_PRIVATE)
        disguised = base58check_encode(bytes.fromhex("0488b21e") + payload[4:])

        with pytest.raises(PrivateKeyGiven):
            check_xpub("ethereum", disguised)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            (VECTOR_1_MASTER, "master key"),
            (VECTOR_1_LEVEL_4, "level 4"),
            ("", "extended public key"),
            ("xpub", "extended public key"),
            (ETH_ACCOUNT[:-1] + "u", "extended public key"),
            (ETH_ACCOUNT + "1", "extended public key"),
            ("x" * 10_000_000, "extended public key"),
            ("0x9858EfFD232B4033E47d90003D41EC34EcaEda94", "extended public key"),
            ("my shop sells flowers and more things than twelve words can ever say", "extended public key"),
            ("\0\ud800😀", "extended public key"),
        ],
    )
    def test_anything_else_is_refused_with_a_hint(self, text, hint):
        with pytest.raises(InvalidExtendedKey, match=hint) as refusal:
            check_xpub("ethereum", text)

        assert isinstance(refusal.value, Invalid)
        assert refusal.value.field == "xpub"

    def test_the_hint_names_the_path_of_the_network(self):
        with pytest.raises(InvalidExtendedKey, match="m/44'/195'/0'"):
            check_xpub("tron", VECTOR_1_MASTER)

    def test_a_segwit_key_is_of_another_kind(self):
        payload = base58check_decode(ETH_ACCOUNT)
        zpub = base58check_encode(bytes.fromhex("04b24746") + payload[4:])

        assert zpub.startswith("zpub")
        with pytest.raises(InvalidExtendedKey, match="another kind"):
            check_xpub("ethereum", zpub)

    def test_a_key_that_is_not_hardened_at_the_account_is_none(self):
        payload = bytearray(base58check_decode(ETH_ACCOUNT))
        payload[9:13] = (0).to_bytes(4, "big")

        with pytest.raises(InvalidExtendedKey, match="not one"):
            check_xpub("ethereum", base58check_encode(bytes(payload)))

    def test_a_point_off_the_curve_is_refused(self):
        payload = base58check_decode(ETH_ACCOUNT)
        off_curve = base58check_encode(payload[:45] + b"\x02" + (5).to_bytes(32, "big"))

        with pytest.raises(InvalidExtendedKey):
            check_xpub("ethereum", off_curve)

    def test_the_sandbox_takes_no_key(self):
        with pytest.raises(InvalidExtendedKey):
            check_xpub("sandbox", ETH_ACCOUNT)


class TestAddressText:
    @pytest.mark.parametrize(  # the examples of EIP-55
        "address",
        [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x27b1fdb04752bbc536007a920d24acb045561c26",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ],
    )
    def test_checksums_are_those_of_eip_55(self, address):
        assert normalise_address("ethereum", address) == address
        assert normalise_address("ethereum", address.lower()) == address
        assert normalise_address("polygon", "0x" + address[2:].upper()) == address

    @pytest.mark.parametrize(
        ("network", "text"),
        [
            ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),  # one letter's case is wrong
            ("ethereum", "0x" + "0" * 40),
            ("ethereum", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae"),
            ("ethereum", "0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
            ("ethereum", "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
            ("ethereum", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\n"),
            ("ethereum", "0x" + "٣" * 40),
            ("ethereum", "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
            ("tron", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
            ("tron", "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdh"),
            ("tron", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"),  # the zero address
            ("tron", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),  # Bitcoin: another prefix
            ("tron", ""),
            ("tron", "T" * 1_000_000),
            ("sandbox", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ],
    )
    def test_what_nobody_can_be_paid_at_is_refused(self, network, text):
        assert is_valid_address(network, text) is False
        with pytest.raises(ValueError, match="not an address"):
            normalise_address(network, text)

    def test_keccak_is_not_sha3(self):
        assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"

    @given(st.binary(min_size=20, max_size=20).filter(any))
    def test_every_twenty_bytes_have_one_address_per_family(self, body):
        assert normalise_address("evm", evm_address(body.hex())) == evm_address(body.hex())
        assert normalise_address("tron", tron_address(body.hex())) == tron_address(body.hex())
        assert tron_address(body.hex()).startswith("T")

    @given(st.binary(max_size=78))
    def test_base58check_reads_what_it_wrote(self, payload):
        assert base58check_decode(base58check_encode(payload)) == payload

    @given(st.text(max_size=130))
    def test_no_text_breaks_the_check(self, text):
        for network in ("evm", "tron", "sandbox"):
            assert is_valid_address(network, text) in {True, False}
