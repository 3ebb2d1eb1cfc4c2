"""Addresses and keys of Solana, the XRP Ledger and Cardano: what is taken, what is refused, what is stored."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chains import registry
from chains.addresses import (
    can_spend,
    check_xpub,
    derive,
    is_valid_address,
    is_valid_contract,
    normalise_address,
    split_destination,
)
from chains.codecs import base58_encode
from chains.codecs_cardano import bech32_decode, bech32_encode, write_address
from chains.codecs_solana import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, is_on_curve, token_account
from chains.codecs_xrp import write_account
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from config.chains import chains_from_env

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"

# The account of the twelve words "abandon … about", as CIP-1852 derives it, and its first addresses; the library
# that wallets' vectors were checked against makes the same from the words themselves (see the last test).
ACCOUNT_HEX = (
    "beb7e770b3d0f1932b0a2f3a63285bf9ef7d3e461d55446d6a3911d8f0ee55c0"
    "b0e2df16538508046649d0e6d5b32969555a23f2f1ebf2db2819359b0d88bd16"
)
ACCOUNT = (
    "acct_xvk1h6m7wu9n6rcex2c29uaxx2zml8hh60jxr425gmt28yga3u8w2hqtpcklzefc2zqyveyapek4kv5kj426y0e0r6ljmv5pjdvmpkyt69"
    "sv4hxhf"
)
FIRST = "addr1qy8ac7qqy0vtulyl7wntmsxc6wex80gvcyjy33qffrhm7sh927ysx5sftuw0dlft05dz3c7revpf7jx0xnlcjz3g69mq4afdhv"


@pytest.fixture(autouse=True)
def mainnet(settings):
    settings.CHAINS = {}


@pytest.fixture
def testnet(settings):
    settings.CHAINS = chains_from_env({"XRP_NETWORK": "testnet", "CARDANO_NETWORK": "testnet"})


def solana_pair(seed=b"\x07" * 32):
    return seed + Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


class TestSolana:
    SHOP = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"

    def test_a_wallet_is_a_point_of_the_curve(self):
        assert is_valid_address("solana", base58_encode(solana_pair()[32:]))
        assert is_valid_address("solana", self.SHOP)
        assert normalise_address("solana", self.SHOP) == self.SHOP

    def test_tokens_go_to_the_account_that_everybody_derives(self):
        from bip_utils import SplToken  # another implementation

        account = token_account(self.SHOP, USDC, TOKEN_PROGRAM)
        assert account == "F4YA4H7HeXLCvjLRKdh56FgE4cyHpPqLP1VCM6fEqEmX"
        assert account == SplToken.GetAssociatedTokenAddress(self.SHOP, USDC)
        assert token_account(self.SHOP, USDC, TOKEN_2022_PROGRAM) == SplToken.GetAssociatedTokenAddressWithProgramId(
            self.SHOP, USDC, TOKEN_2022_PROGRAM
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1" * 32,  # the system program
            "F4YA4H7HeXLCvjLRKdh56FgE4cyHpPqLP1VCM6fEqEmX",  # a token account: no key exists for it
            SHOP[:-2],
            SHOP + "1",
            "1" + SHOP,
            SHOP.replace("9", "0"),
            SHOP + " ",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "9" * 5000,
            "٩" * 43,
        ],
    )
    def test_what_no_key_can_spend_from_is_refused(self, text):
        assert not is_valid_address("solana", text)
        with pytest.raises(ValueError, match="not an address"):
            normalise_address("solana", text)

    def test_the_curve_has_the_points_that_it_should(self):
        assert all(is_on_curve(solana_pair(bytes([number]) * 32)[32:]) for number in range(50))
        assert sum(is_on_curve(bytes([number]) * 32) for number in range(200)) in range(60, 140)  # half of all texts

    def test_a_mint_is_no_address_rule(self):
        assert is_valid_contract("solana", "F4YA4H7HeXLCvjLRKdh56FgE4cyHpPqLP1VCM6fEqEmX")
        assert not is_valid_contract("solana", "F4YA4H7H")
        assert not is_valid_contract("xrp", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh")

    def test_addresses_are_not_derived_from_keys(self):
        with pytest.raises(InvalidExtendedKey, match="do not come from a key"):
            check_xpub("solana", self.SHOP)
        with pytest.raises(LookupError):
            derive("solana", self.SHOP, 0)

    @pytest.mark.parametrize("write", [base58_encode, lambda pair: json.dumps(list(pair)), lambda p: str([*p])])
    def test_a_private_key_is_recognised(self, write):
        secret = write(solana_pair())

        assert can_spend(secret)
        with pytest.raises(PrivateKeyGiven) as refusal:
            check_xpub("cardano", secret)
        assert secret not in str(refusal.value)

    def test_a_transaction_is_not_a_private_key(self):
        assert not can_spend(base58_encode(b"\x07" * 64))
        assert not can_spend(self.SHOP)


class TestXrp:
    # Vectors of XLS-5 and of the XRP Ledger's documentation.
    CLASSIC = "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf"
    UNTAGGED = "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"
    TAGGED = "XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi"
    TEST_UNTAGGED = "TVE26TYGhfLC7tQDno7G8dGtxSkYQn49b3qD26PK7FcGSKE"

    def test_both_forms_have_one_normal_form(self):
        assert normalise_address("xrp", self.CLASSIC) == self.CLASSIC
        assert normalise_address("xrp", self.UNTAGGED) == self.CLASSIC

    def test_an_address_that_holds_a_tag_is_not_an_address_alone(self):
        assert not is_valid_address("xrp", self.TAGGED)
        assert split_destination("xrp", self.TAGGED) == (self.CLASSIC, "4294967295")
        assert split_destination("xrp", self.UNTAGGED) == (self.CLASSIC, "")
        assert split_destination("xrp", self.CLASSIC) == (self.CLASSIC, "")
        with pytest.raises(ValueError, match="not an address"):
            split_destination("xrp", self.TEST_UNTAGGED)

    def test_elsewhere_a_destination_is_an_address(self):
        assert split_destination("solana", TestSolana.SHOP) == (TestSolana.SHOP, "")

    def test_addresses_of_the_other_network_are_refused(self, testnet):
        assert is_valid_address("xrp", self.TEST_UNTAGGED)
        assert not is_valid_address("xrp", self.UNTAGGED)
        assert is_valid_address("xrp", self.CLASSIC)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            CLASSIC[:-1] + "e",
            CLASSIC[:-1],
            CLASSIC.lower(),
            "rrrrrrrrrrrrrrrrrrrrrhoLvTp",  # account zero
            "rrrrrrrrrrrrrrrrrrrrBZbvji",  # account one
            UNTAGGED[:-1] + "e",
            TEST_UNTAGGED,
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "r" * 3000,
        ],
    )
    def test_what_is_no_account_is_refused(self, text):
        assert not is_valid_address("xrp", text)

    def test_writing_is_the_inverse_of_reading(self):
        assert write_account("0" * 40) == "rrrrrrrrrrrrrrrrrrrrrhoLvTp"

    @pytest.mark.parametrize("secret", ["sn259rEFXrQrWyx3Q7XneWcwV6dfL", "sEdTM1uX8pu2do5XvTnutH6HsouMaM2"])
    def test_a_secret_is_recognised(self, secret):
        assert can_spend(secret)
        assert not can_spend(secret[:-1])


class TestCardano:
    @pytest.mark.parametrize("text", [ACCOUNT, ACCOUNT.upper(), ACCOUNT_HEX, ACCOUNT_HEX.upper(), f" {ACCOUNT}\n"])
    def test_a_key_has_one_stored_form(self, text):
        assert check_xpub("cardano", text) == ACCOUNT

    def test_the_form_of_the_serialization_library_is_taken(self):
        assert check_xpub("cardano", bech32_encode("xpub", bytes.fromhex(ACCOUNT_HEX))) == ACCOUNT

    def test_the_first_addresses_are_those_the_wallet_shows(self):
        assert [derive("cardano", ACCOUNT, index) for index in range(3)] == [
            FIRST,
            "addr1qyz85693g4fr8c55mfyxhae8j2u04pydxrgqr73vmwpx3a8927ysx5sftuw0dlft05dz3c7revpf7jx0xnlcjz3g69mqu2c0f9",
            "addr1qxfysvkldcs0u35d8esynksfqapfdahfknur6dzx7sgqsvh927ysx5sftuw0dlft05dz3c7revpf7jx0xnlcjz3g69mqhmhg9q",
        ]

    def test_another_implementation_makes_the_same_from_the_words(self):
        from bip_utils import Bip44Changes, CardanoIcarusSeedGenerator, CardanoShelley, Cip1852, Cip1852Coins

        seed = CardanoIcarusSeedGenerator("abandon " * 11 + "about").Generate()
        account = Cip1852.FromSeed(seed, Cip1852Coins.CARDANO_ICARUS).Purpose().Coin().Account(0)
        address = CardanoShelley.FromCip1852Object(account).Change(Bip44Changes.CHAIN_EXT).AddressIndex(1234)

        assert derive("cardano", ACCOUNT, 1234) == address.PublicKeys().ToAddress()

    def test_a_test_network_has_other_addresses(self, testnet):
        address = derive("cardano", ACCOUNT, 0)

        assert address.startswith("addr_test1q")
        assert is_valid_address("cardano", address)
        assert not is_valid_address("cardano", FIRST)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (bech32_encode("addr_xvk", bytes.fromhex(ACCOUNT_HEX)), "another kind"),
            (bech32_encode("root_xvk", bytes.fromhex(ACCOUNT_HEX)), "another kind"),
            (bech32_encode("acct_shared_xvk", bytes.fromhex(ACCOUNT_HEX)), "another kind"),
            (bech32_encode("acct_vk", bytes.fromhex(ACCOUNT_HEX[:64])), "not the public key"),
            (bech32_encode("acct_xvk", bytes.fromhex(ACCOUNT_HEX[:126])), "not the public key"),
            (ACCOUNT[:-1] + "q", "not the public key"),
            (FIRST, "not the public key"),
            ("", "not the public key"),
            ("acct_xvk1", "not the public key"),
            ("02" + "00" * 31 + "00" * 32, "not an extended public key"),  # no point of the curve
        ],
    )
    def test_another_key_is_refused_with_the_reason(self, text, reason):
        with pytest.raises(InvalidExtendedKey, match=reason):
            check_xpub("cardano", text)

    @pytest.mark.parametrize(
        "secret",
        [
            bech32_encode("acct_xsk", b"\x07" * 96),
            bech32_encode("root_xsk", b"\x07" * 96),
            bech32_encode("addr_sk", b"\x07" * 32),
            bech32_encode("acct_shared_xsk", b"\x07" * 96),
            bech32_encode("ed25519e_sk", b"\x07" * 64),
            bech32_encode("xprv", b"\x07" * 96),
            "07" * 96,
            "07" * 128,
        ],
    )
    def test_a_private_key_is_recognised(self, secret):
        assert can_spend(secret)
        with pytest.raises(PrivateKeyGiven):
            check_xpub("cardano", secret)

    def test_addresses_have_one_normal_form(self):
        assert normalise_address("cardano", FIRST.upper()) == FIRST

    @pytest.mark.parametrize(("kind", "length", "is_taken"), [(0, 56, 1), (2, 56, 1), (6, 28, 1), (1, 56, 0)])
    def test_only_what_a_key_spends_is_taken(self, kind, length, is_taken):
        address = write_address(bytes([kind << 4 | 1]).hex() + "ab" * length)

        assert is_valid_address("cardano", address) is bool(is_taken)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            FIRST[:-1],
            FIRST[:-1] + "q",
            FIRST[:20] + FIRST[20:].upper(),
            bech32_encode("addr_test", bech32_decode(FIRST)[1]),  # prefix and content contradict each other
            bech32_encode("stake", bytes.fromhex("e1" + "ab" * 28)),
            *(bech32_encode("addr", bytes([kind << 4 | 1]) + b"\xab" * 28) for kind in (0, 3, 4, 5, 7, 8, 14, 15)),
            bech32_encode("addr", b"\x01" + b"\xab" * 57),
            "DdzFFzCqrhsrcTVhLygT24QwTnNqQqQ8mZrq5jykUzMveU26sxaH529kMpo7VhPrt5pwW3dXeB2k3EEvKcNBRmzCfcQ7dTkyGzTs658C",
            "addr" * 1000,
            "áddr1qy8ac7qqy0vtulyl7wntmsxc6wex80gvcyjy33qffrhm7sh927ysx5sf",
        ],
    )
    def test_what_is_no_such_address_is_refused(self, text):
        assert not is_valid_address("cardano", text)

    def test_every_network_says_how_its_addresses_are_made(self):
        for network in registry.networks():
            assert is_valid_address(network, "nonsense") is False
