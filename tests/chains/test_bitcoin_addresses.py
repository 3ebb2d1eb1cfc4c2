"""The Bitcoin family's keys and addresses against published vectors.

BIP-44, 49, 84, 86 (and the same phrase on other coins, worked out by a library that knows the seed), BIP-173,
BIP-350, BIP-380, and the CashAddr specification.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains import codecs_bitcoin, registry
from chains.addresses import check_xpub, derive, is_valid_address, normalise_address
from chains.codecs import base58check_decode, base58check_encode
from chains.codecs_bitcoin import ADDRESS_RULES, address_of, script_of
from chains.descriptors import checksum
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from config.chains import chains_from_env

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
BTC44 = (
    "xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj"
)
YPUB = "ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcrArf3zbeJJJUZPf663zsP"
ZPUB = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
BTC86 = (
    "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
)
UPUB = "upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY"
FINGERPRINT = "73c5da0a"


def with_version(key: str, version: str) -> str:
    return base58check_encode(bytes.fromhex(version) + base58check_decode(key)[4:])


def as_xpub(key: str) -> str:
    return with_version(key, "0488b21e")


def at_level(key: str, depth: int, child: int) -> str:
    payload = base58check_decode(key)
    return base58check_encode(payload[:4] + bytes([depth]) + payload[5:9] + child.to_bytes(4, "big") + payload[13:])


def side(code: str, name: str):
    return replace(registry.network(code), side=name)


def account(purpose: int, coin, kind):
    """Return the account of PHRASE and its receiving chain as a library with the seed has them."""
    from bip_utils import Bip39SeedGenerator, Bip44Changes

    found = kind.FromSeed(Bip39SeedGenerator(PHRASE).Generate(), coin).Purpose().Coin().Account(0)
    return found.PublicKey().ToExtended(), found.Change(Bip44Changes.CHAIN_EXT)


@pytest.fixture(autouse=True)
def mainnet(settings):
    settings.CHAINS = {}


class TestDerive:
    @pytest.mark.parametrize(
        ("network", "key", "addresses"),
        [
            (
                "bitcoin",
                ZPUB,
                ["bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"],
            ),
            ("bitcoin", as_xpub(ZPUB), ["bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"]),
            ("bitcoin", YPUB, ["37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"]),
            ("bitcoin", f"pkh({BTC44}/0/*)", ["1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"]),
            (
                "bitcoin",
                f"tr([{FINGERPRINT}/86'/0'/0']{BTC86}/<0;1>/*)",
                [
                    "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
                    "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh",
                ],
            ),
        ],
    )
    def test_the_vectors_of_bip_44_49_84_and_86(self, network, key, addresses):
        stored = check_xpub(network, key)

        assert [derive(network, stored, index) for index in range(len(addresses))] == addresses

    def test_the_test_network_vector_of_bip_49(self):
        testnet = side("bitcoin", "testnet")

        assert derive(testnet, check_xpub(testnet, UPUB), 0) == "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"

    def test_one_key_has_its_own_prefix_on_each_side(self):
        stored = check_xpub("bitcoin", ZPUB)

        starts = [derive(side("bitcoin", name), stored, 0)[:5] for name in ("mainnet", "testnet", "signet", "regtest")]
        assert starts == ["bc1qc", "tb1qc", "tb1qc", "bcrt1"]

    @pytest.mark.parametrize(
        ("network", "library", "coin", "first"),
        [
            ("bitcoin", "Bip84", "BITCOIN", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
            ("bitcoin", "Bip49", "BITCOIN", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"),
            ("litecoin", "Bip84", "LITECOIN", "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
            ("litecoin", "Bip49", "LITECOIN", "M7wtsL7wSHDBJVMWWhtQfTMSYYkyooAAXM"),
            ("dogecoin", "Bip44", "DOGECOIN", "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC"),
            ("bitcoincash", "Bip44", "BITCOIN_CASH", "bitcoincash:qqyx49mu0kkn9ftfj6hje6g2wfer34yfnq5tahq3q6"),
        ],
    )
    def test_addresses_agree_with_the_library_that_knows_the_seed(self, network, library, coin, first):
        import bip_utils

        kind = getattr(bip_utils, library)
        key, chain = account(0, getattr(bip_utils, f"{library}Coins")[coin], kind)

        stored = check_xpub(network, key)

        assert derive(network, stored, 0) == first
        for index in [*range(10), 2**31 - 1]:
            expected = chain.AddressIndex(index).PublicKey().ToAddress()
            assert derive(network, stored, index) == normalise_address(network, expected)

    def test_litecoin_s_own_version_bytes_say_the_kind(self):
        import bip_utils

        _, chain = account(0, bip_utils.Bip44Coins.LITECOIN, bip_utils.Bip44)
        key, _ = account(0, bip_utils.Bip84Coins.LITECOIN, bip_utils.Bip84)
        plain, _ = account(0, bip_utils.Bip44Coins.LITECOIN, bip_utils.Bip44)

        ltub, mtub = with_version(plain, "019da462"), with_version(key, "01b26ef6")
        assert (ltub[:4], mtub[:4]) == ("Ltub", "Mtub")
        assert derive("litecoin", check_xpub("litecoin", ltub), 0) == chain.AddressIndex(0).PublicKey().ToAddress()
        assert derive("litecoin", check_xpub("litecoin", mtub), 0).startswith("M")

    def test_the_configured_side_decides_for_a_network_s_code(self, settings):
        settings.CHAINS = chains_from_env({"BITCOIN_NETWORK": "regtest"})

        assert derive("bitcoin", check_xpub("bitcoin", ZPUB), 0) == "bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx"
        assert not is_valid_address("bitcoin", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu")


class TestKeys:
    @pytest.mark.parametrize(
        ("network", "given", "stored"),
        [
            ("bitcoin", ZPUB, f"wpkh({as_xpub(ZPUB)}/0/*)"),
            ("bitcoin", as_xpub(ZPUB), f"wpkh({as_xpub(ZPUB)}/0/*)"),
            ("bitcoin", f" {YPUB}\n", f"sh(wpkh({as_xpub(YPUB)}/0/*))"),
            ("bitcoin", f"pkh({BTC44}/0/*)", f"pkh({BTC44}/0/*)"),
            ("litecoin", ZPUB, f"wpkh({as_xpub(ZPUB)}/0/*)"),
            ("dogecoin", with_version(BTC44, "02facafd"), f"pkh({BTC44}/0/*)"),
            ("dogecoin", BTC44, f"pkh({BTC44}/0/*)"),
            ("bitcoincash", BTC44, f"pkh({BTC44}/0/*)"),
            ("bitcoin", f"wpkh([{FINGERPRINT}/84h/0h/0h]{as_xpub(ZPUB)}/<0;1>/*)", f"wpkh({as_xpub(ZPUB)}/0/*)"),
            ("bitcoin", f"wpkh([{FINGERPRINT}/84'/0'/0']{as_xpub(ZPUB)}/0/*)", f"wpkh({as_xpub(ZPUB)}/0/*)"),
            ("bitcoincash", f"pkh([{FINGERPRINT}/44'/0'/0']{BTC44}/0/*)", f"pkh({BTC44}/0/*)"),
        ],
    )
    def test_the_stored_form_remembers_the_kind_and_is_taken_again(self, network, given, stored):
        assert check_xpub(network, given) == stored
        assert check_xpub(network, stored) == stored
        assert len(stored) <= 128

    def test_a_segwit_seed_of_electrum_s_own_has_its_account_one_level_down(self):
        electrum = at_level(ZPUB, 1, 2**31)

        assert check_xpub("bitcoin", electrum) == f"wpkh({as_xpub(electrum)}/0/*)"
        with pytest.raises(InvalidExtendedKey, match="level 1"):
            check_xpub("bitcoin", at_level(YPUB, 1, 2**31))
        with pytest.raises(InvalidExtendedKey, match="level 1"):
            check_xpub("bitcoin", at_level(ZPUB, 1, 2**31 + 84))

    def test_a_test_chain_takes_keys_of_both_kinds(self):
        testnet = side("bitcoin", "testnet")
        vpub = with_version(ZPUB, "045f1cf6")

        assert check_xpub(testnet, vpub) == check_xpub(testnet, ZPUB) == f"wpkh({as_xpub(ZPUB)}/0/*)"

    @pytest.mark.parametrize(
        ("network", "text", "reason"),
        [
            ("bitcoin", UPUB, "test network"),
            ("bitcoin", with_version(ZPUB, "043587cf"), "test network"),
            ("bitcoin", with_version(BTC44, "019da462"), "another kind"),  # Litecoin's
            ("bitcoin", with_version(BTC44, "02facafd"), "another kind"),  # Dogecoin's
            ("dogecoin", ZPUB, "another kind"),
            ("bitcoincash", YPUB, "another kind"),
            ("bitcoincash", f"wpkh({BTC44}/0/*)", "another kind"),
            ("ethereum", ZPUB, "another kind"),
            ("ethereum", f"pkh({BTC44}/0/*)", "not an extended public key"),
            ("bitcoin", with_version(ZPUB, "02aa7ed3"), "several signers"),
            ("bitcoin", at_level(ZPUB, 0, 0), "master key.*m/84'/0'/0'"),
            ("bitcoin", at_level(ZPUB, 4, 0), "below the account"),
            ("bitcoin", at_level(ZPUB, 3, 0), "lacks the last"),
            ("dogecoin", at_level(BTC44, 2, 2**31), "m/44'/3'/0'"),
            ("bitcoin", f"wpkh({ZPUB}/0/*)", "written as xpub"),
            ("bitcoin", f"wpkh({BTC44}/1/*)", "change addresses"),
            ("bitcoin", f"wpkh({BTC44})", "must be followed by /0"),
            ("bitcoin", f"wpkh({BTC44}/*)", "must be followed by /0"),
            ("bitcoin", f"wpkh({BTC44}/0/*')", "must be followed by /0"),
            ("bitcoin", f"wpkh({BTC44}/0/0/*)", "must be followed by /0"),
            ("bitcoin", f"wpkh([{FINGERPRINT}/84'/0'/1']{BTC44}/0/*)", "path in this descriptor"),
            ("bitcoin", f"wpkh([{FINGERPRINT}/0'/0']{BTC44}/0/*)", "path in this descriptor"),
            ("bitcoin", f"wpkh([{FINGERPRINT}/84'/2'/0']{BTC44}/0/*)", "another coin"),
            ("litecoin", f"wpkh([{FINGERPRINT}/84'/0'/0']{BTC44}/0/*)", "another coin"),
            ("bitcoin", f"wpkh([73c5da/84'/0'/0']{BTC44}/0/*)", "something else than one"),
            ("bitcoin", f"wsh(sortedmulti(1,{BTC44}/0/*,{BTC44}/0/*))", r"wsh\(…\) is of another kind"),
            ("bitcoin", f"sh(wsh(pk({BTC44}/0/*)))", r"sh\(…\) is of another kind"),
            ("bitcoin", f"combo({BTC44})", "another kind"),
            ("bitcoin", f"wpkh(musig({BTC44},{BTC44})/0/*)", "something else than one"),
            ("bitcoin", "addr(bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu)", "another kind"),
            ("bitcoin", "wpkh(" * 1000, "too long"),
            ("bitcoin", "(", "another kind"),
            ("bitcoin", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "not an extended public key"),
        ],
    )
    def test_other_forms_are_refused_with_a_reason(self, network, text, reason):
        with pytest.raises(InvalidExtendedKey, match=reason) as refusal:
            check_xpub(network, text)

        assert refusal.value.field == "xpub"

    @pytest.mark.parametrize(
        "secret",
        [
            "yprvABrGsX5C9jantZVwdwcQhDXkqsu4RoSAZKBwPnLA3uyeVM3C3fvTuqzru4fovMSLqYSqALGe9MBqCf7Pg7Y7CTsjoNnLYg6HxR2Xo44NX7E",
            "zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qUWCroSQnE",
            "tprv8gRrNu65W2Msef2BdBSUgFdRTGzC8EwVXnV7UGS3faeXtuMVtGfEdidVeGbThs4ELEoayCAzZQ4uUji9DUiAs7erdVskqju7hrBcDvDsdbY",
            "Ltpv71G8qDifUiNetP6nmxPA5STrUVmv2J9YSmXajv8VsYBUyuPhvN9xCaQrfX2wo5xxJNtEazYCFRUu5FmokYMM79pcqz8pcdo4rNXAFPgyB4k",
            "dgpv51eADS3spNJh8h13wso3DdDAw3EJRqWvftZyjTNCFEG7gqV6zsZmucmJR6xZfvgfmzUthVC6LNicBeNNDQdLiqjQJjPeZnxG8uW3Q3gCA3e",
            "wpkh([73c5da0a/84'/0'/0']xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi/0/*)",
            "wpkh(KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn)",
            "pkh(5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ)",
            "Ltpv71G8qDifUiNetP6nmxPA5STrUVmv2J9YSmXaj",  # a part
            "dgpv51eADS3spNJh8h13wso3DdDAw3EJRqWvftZyjT",
            "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg",  # BIP-38
            PHRASE,
        ],
    )
    @pytest.mark.parametrize("network", ["bitcoin", "dogecoin", "ethereum"])
    def test_what_can_spend_is_refused_and_never_repeated(self, network, secret):
        with pytest.raises(PrivateKeyGiven) as refusal:
            check_xpub(network, secret)

        told = f"{refusal.value} {refusal.value!r} {refusal.value.__dict__} {refusal.value.__cause__}"
        assert not any(word in told for word in secret.replace("(", " ").split() if len(word) > 7)

    def test_letters_inside_a_public_key_are_no_private_one(self):
        # 0.4 % of all keys hold "prv", in some case, somewhere.
        key = "xpub6" + "aPrV" + "1" * 102

        with pytest.raises(InvalidExtendedKey):
            check_xpub("bitcoin", key)


class TestDescriptorChecksum:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("raw(deadbeef)", "89f8spxm"),  # BIP-380
            (  # Bitcoin Core, doc/descriptors.md
                "wpkh([d34db33f/84h/0h/0h]xpub6DJ2dNUysrn5Vt36jH2KLBT2i1auw1tTSSomg8PhqNiUtx8QX2SvC9nrHu81fT41fvDUnhMjEzQgXnQjKEu3oaqMSzhSrHMxyyoEAmUHQbY/0/*)",
                "cjjspncu",
            ),
            ("raw(Ü)", ""),
        ],
    )
    def test_it_is_that_of_bip_380(self, body, expected):
        assert checksum(body) == expected

    def test_a_descriptor_with_the_right_one_is_taken(self):
        body = f"wpkh([{FINGERPRINT}/84h/0h/0h]{as_xpub(ZPUB)}/0/*)"

        assert check_xpub("bitcoin", f"{body}#{checksum(body)}") == f"wpkh({as_xpub(ZPUB)}/0/*)"

    @pytest.mark.parametrize("end", ["#", "#{}x", "#{:.7}", "##{:.7}", "#00000000"])
    def test_a_wrong_one_is_refused(self, end):
        body = f"wpkh({as_xpub(ZPUB)}/0/*)"

        with pytest.raises(InvalidExtendedKey, match="checksum"):
            check_xpub("bitcoin", body + end.format(checksum(body)))

    def test_a_mistyped_path_is_found_by_it(self):
        body = f"wpkh([{FINGERPRINT}/84'/0'/0']{as_xpub(ZPUB)}/0/*)"
        mistyped = body.replace(FINGERPRINT, "73c5da0b")

        with pytest.raises(InvalidExtendedKey, match="checksum"):
            check_xpub("bitcoin", f"{mistyped}#{checksum(body)}")


class TestAddressText:
    @pytest.mark.parametrize(
        ("network", "chain", "text", "script"),
        [
            (  # BIP-173 and BIP-350
                "bitcoin",
                "mainnet",
                "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                "0014751e76e8199196d454941c45d1b3a323f1433bd6",
            ),
            (
                "bitcoin",
                "testnet",
                "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
                "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
            ),
            (
                "bitcoin",
                "testnet",
                "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
                "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
            ),
            (
                "bitcoin",
                "mainnet",
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            ),
            (
                "bitcoin",
                "mainnet",
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac",
            ),
            (
                "bitcoin",
                "mainnet",
                "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC",
                "a91476a04053bda0a88bda5177b86a15c3b29f55987387",
            ),
        ],
    )
    def test_an_address_stands_for_its_script(self, network, chain, text, script):
        rules = ADDRESS_RULES[network, chain]

        assert script_of(text, rules) == script
        assert address_of(script, rules) == (text.lower() if text.upper() == text else text)
        assert normalise_address(side(network, chain), text) == address_of(script, rules)

    @pytest.mark.parametrize(  # the CashAddr specification
        ("legacy", "cash"),
        [
            ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
            ("1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR", "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy"),
            ("16w1D5WRVKJuZUsSRzdLp9w3YGcgoxDXb", "bitcoincash:qqq3728yw0y47sqn6l2na30mcw6zm78dzqre909m2r"),
            ("3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"),
            ("3LDsS579y7sruadqu11beEJoTjdFiFCdX4", "bitcoincash:pr95sy3j9xwd2ap32xkykttr4cvcu7as4yc93ky28e"),
            ("31nwvkZwyPdgzjBJZXfDmSWsC4ZLKpYyUw", "bitcoincash:pqq3728yw0y47sqn6l2na30mcw6zm78dzq5ucqzc37"),
        ],
    )
    def test_legacy_and_cash_addresses_are_one(self, legacy, cash):
        bare = cash.removeprefix("bitcoincash:")
        for text in (legacy, cash, bare, cash.upper(), bare.upper()):
            assert normalise_address("bitcoincash", text) == cash

    def test_long_script_hashes_and_token_addresses_are_read(self):
        testnet = ADDRESS_RULES["bitcoincash", "testnet"]
        long = "bchtest:pvch8mmxy0rtfrlarg7ucrxxfzds5pamg73h7370aa87d80gyhqxq7fqng6m6"
        digest = "3173ef6623c6b48ffd1a3dcc0cc6489b0a07bb47a37f47cfef4fe69de825c060"

        assert script_of(long, testnet) == f"aa20{digest}87"
        assert address_of(f"aa20{digest}87", testnet) == long
        # CashTokens: the same key hash, and the wish to be sent tokens.
        body = "76a04053bda0a88bda5177b86a15c3b29f559873"
        token = codecs_bitcoin._cash_text(0x10, body, "bitcoincash")
        assert token.startswith("bitcoincash:z")
        assert normalise_address("bitcoincash", token) == "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"

    def test_litecoin_s_old_and_new_nested_addresses_are_one(self):
        old = "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"
        new = base58check_encode(b"\x32" + base58check_decode(old)[1:])

        assert new.startswith("M")
        assert normalise_address("litecoin", old) == normalise_address("litecoin", new) == new

    @pytest.mark.parametrize(
        ("network", "text"),
        [
            # BIP-350's list of invalid addresses
            ("bitcoin", "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut"),
            ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"),
            ("bitcoin", "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL"),
            ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh"),
            ("bitcoin", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"),
            ("bitcoin", "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R"),
            ("bitcoin", "bc1pw5dgrnzv"),
            ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav"),
            ("bitcoin", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P"),
            ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf"),
            ("bitcoin", "bc1gmk9yu"),
            ("bitcoin", "bc1"),
            # Valid, but of a version or length that means nothing yet: anyone could take the money.
            ("bitcoin", "BC1SW50QGDZ25J"),
            ("bitcoin", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"),
            ("bitcoin", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"),
            ("bitcoin", "bc1pfeessrawgf"),
            # Mixed case, another network or side, the address of nobody
            ("bitcoin", "bc1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
            ("bitcoin", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            ("bitcoin", "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
            ("bitcoin", "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC"),
            ("bitcoin", "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"),
            ("bitcoin", "1111111111111111111114oLvT2"),
            ("bitcoin", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
            ("bitcoin", ZPUB),
            ("bitcoin", ""),
            ("bitcoin", "1" * 1_000_000),
            ("litecoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            ("litecoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            ("dogecoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            ("dogecoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            ("bitcoincash", "bchtest:pvch8mmxy0rtfrlarg7ucrxxfzds5pamg73h7370aa87d80gyhqxq7fqng6m6"),
            ("bitcoincash", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q"),
            ("bitcoincash", "bitcoincash:Qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
            ("bitcoincash", "simpleledger:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
            ("bitcoincash", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ],
    )
    def test_what_nobody_can_be_paid_at_is_refused(self, network, text):
        assert is_valid_address(network, text) is False
        with pytest.raises(ValueError, match="not an address"):
            normalise_address(network, text)

    def test_what_fills_up_the_last_group_must_be_short_and_zero(self):
        testnet = ADDRESS_RULES["bitcoin", "testnet"]
        groups = codecs_bitcoin._groups_of(bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6"))

        def text(values):
            checksum = codecs_bitcoin._bech32_checksum([*codecs_bitcoin._expanded("tb"), *values, *[0] * 6]) ^ 1
            tail = [checksum >> shift & 31 for shift in (25, 20, 15, 10, 5, 0)]
            return "tb1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in [*values, *tail])

        assert script_of(text([0, *groups]), testnet) == "0014751e76e8199196d454941c45d1b3a323f1433bd6"
        assert script_of(text([0, *groups, 0]), testnet) is None
        # BIP-350's example of bits that are not zero
        assert script_of("tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", testnet) is None

    def test_the_length_that_a_cash_address_tells_is_the_one_it_has(self):
        rules = ADDRESS_RULES["bitcoincash", "mainnet"]

        assert script_of(codecs_bitcoin._cash_text(0x00, "11" * 20, "bitcoincash"), rules)
        assert script_of(codecs_bitcoin._cash_text(0x00, "11" * 32, "bitcoincash"), rules) is None
        assert script_of(codecs_bitcoin._cash_text(0x0B, "11" * 20, "bitcoincash"), rules) is None

    @pytest.mark.parametrize("script", [f"76a914{'11' * 20}88ad", f"a914{'11' * 20}88", f"0014{'11' * 19}", "", "6a"])
    def test_almost_a_known_script_has_no_address(self, script):
        assert address_of(script, ADDRESS_RULES["bitcoin", "mainnet"]) is None

    @given(st.binary(min_size=20, max_size=20).filter(any), st.sampled_from(sorted(ADDRESS_RULES)))
    def test_every_hash_has_one_address_per_kind(self, digest, chain):
        rules = ADDRESS_RULES[chain]
        for script in (f"76a914{digest.hex()}88ac", f"a914{digest.hex()}87", f"0014{digest.hex()}"):
            address = address_of(script, rules)
            assert address is None or script_of(address, rules) == script
        assert (address_of(f"0014{digest.hex()}", rules) is None) == (not rules.witness_prefix)

    @given(st.text("0123456789abcdef", max_size=80))
    def test_other_scripts_have_no_address(self, script):
        found = address_of(script, ADDRESS_RULES["bitcoin", "mainnet"])

        assert found is None or script_of(found, ADDRESS_RULES["bitcoin", "mainnet"]) == script

    @given(st.text(max_size=130))
    def test_no_text_breaks_the_check(self, text):
        for network in ("bitcoin", "litecoin", "dogecoin", "bitcoincash"):
            assert is_valid_address(side(network, "mainnet"), text) in {True, False}

    @given(st.integers(0, 41), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
    def test_one_wrong_character_is_always_found(self, place, letter):
        cash = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"
        changed = cash[:place] + letter + cash[place + 1 :]

        assert is_valid_address(side("bitcoincash", "mainnet"), changed) is (changed == cash)
