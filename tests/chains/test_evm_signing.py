"""Sending on a real EVM node: every byte is built and hashed here, and the node is believed in nothing."""

import pytest

from chains import registry, seeds
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, signer
from tests.chains.anvil import CHAIN_ID
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = pytest.mark.evm

PHRASE = "abandon " * 11 + "about"
SENDER = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"  # m/44'/60'/0'/0/0 of the published phrase
RECIPIENT = "0x000000000000000000000000000000000000bEEF"
ETHER = 10**18


@pytest.fixture
def ethereum(anvil, settings):
    contract = anvil.deploy("SilentCoin")
    settings.CHAINS = {
        "ethereum": {
            "rpc_urls": [anvil.url],
            "chain_id": CHAIN_ID,
            "tokens": {"USDT": {"contract": contract, "decimals": 6}},
        }
    }
    return signer("ethereum")


def order(code: str, units: int) -> Order:
    asset = registry.asset("ethereum", code)
    assert asset is not None
    return Order(asset, SENDER, RECIPIENT, units)


def signed(ethereum, what: Order, *, nonce: int | None = None):
    return ethereum.sign(
        what,
        nonce=ethereum.standing(SENDER).nonce if nonce is None else nonce,
        quote=ethereum.quote(what),
        private_key=seeds.private_key("evm", PHRASE, "0/0"),
    )


def test_a_phrase_gives_the_account_that_every_wallet_gives():
    assert seeds.account_key("evm", PHRASE).startswith("xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxR")
    assert seeds.address_of("evm", PHRASE, "0/0") == SENDER


def test_new_phrases_have_24_words_and_differ():
    phrases = {seeds.new_phrase() for _ in range(3)}

    assert len(phrases) == 3
    assert {len(phrase.split()) for phrase in phrases} == {24}


def test_sends_the_coin_and_knows_the_id_before_anybody_else(anvil, ethereum):
    anvil.pay(SENDER, ETHER)
    before = int(anvil.rpc("eth_getBalance", RECIPIENT, "latest"), 16)
    what = order("ETH", 12_345)

    made = signed(ethereum, what)
    assert not ethereum.outcome(made.txid, what).is_known
    ethereum.broadcast(made)

    receipt = anvil.receipt(made.txid)  # waits for its block
    outcome = ethereum.outcome(made.txid, what)
    assert (outcome.is_known, outcome.succeeded, outcome.is_final) == (True, True, False)
    assert outcome.fee_units == int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert int(anvil.rpc("eth_getBalance", RECIPIENT, "latest"), 16) - before == 12_345


def test_sends_a_token_that_returns_nothing_and_calls_it_final_when_the_chain_does(anvil, ethereum):
    what = order("USDT", 5_000_000)
    anvil.pay(SENDER, ETHER)
    anvil.transfer(what.asset.contract, SENDER, 5_000_000)

    made = signed(ethereum, what)
    ethereum.broadcast(made)
    anvil.receipt(made.txid)
    anvil.mine(12)

    outcome = ethereum.outcome(made.txid, what)
    assert (outcome.succeeded, outcome.is_final) == (True, True)
    assert ethereum.balance(RECIPIENT, what.asset) == 5_000_000
    assert ethereum.used_for_good(SENDER) == ethereum.standing(SENDER).nonce


def test_a_transaction_that_moved_something_else_has_not_succeeded(anvil, ethereum):
    what = order("USDT", 1_000)
    anvil.pay(SENDER, ETHER)
    anvil.transfer(what.asset.contract, SENDER, 1_000)
    made = signed(ethereum, what)
    ethereum.broadcast(made)
    anvil.receipt(made.txid)

    assert not ethereum.outcome(made.txid, order("USDT", 1_001)).succeeded


def test_a_transfer_that_would_fail_is_not_quoted(anvil, ethereum):
    with pytest.raises(NotPayable):
        ethereum.quote(order("USDT", 10**30))


def test_the_same_bytes_sent_again_are_unclear_and_move_nothing_twice(anvil, ethereum):
    anvil.pay(SENDER, ETHER)
    before = int(anvil.rpc("eth_getBalance", RECIPIENT, "latest"), 16)
    made = signed(ethereum, order("ETH", 77))
    ethereum.broadcast(made)
    anvil.receipt(made.txid)

    with pytest.raises(BroadcastUnclear):
        ethereum.broadcast(made)

    assert int(anvil.rpc("eth_getBalance", RECIPIENT, "latest"), 16) - before == 77


def test_a_signature_is_good_on_its_own_chain_only(anvil, ethereum, settings):
    quote = FeeQuote(gas=21_000, price=10**11, tip=10**9)
    key = seeds.private_key("evm", PHRASE, "0/0")
    here = ethereum.sign(order("ETH", 1), nonce=0, quote=quote, private_key=key)

    settings.CHAINS = {"ethereum": {"rpc_urls": [anvil.url]}}
    elsewhere = signer("ethereum").sign(order("ETH", 1), nonce=0, quote=quote, private_key=key)

    assert here.txid != elsewhere.txid


def test_another_key_than_the_sender_s_signs_nothing(ethereum):
    with pytest.raises(ValueError, match="not that of the sender"):
        ethereum.sign(
            order("ETH", 1),
            nonce=0,
            quote=FeeQuote(21_000, 10**11, 10**9),
            private_key=seeds.private_key("evm", PHRASE, "0/1"),
        )


def test_where_ethereum_lies_below_its_share_is_part_of_the_fee(anvil, settings):
    settings.CHAINS = {name: {"rpc_urls": [anvil.url], "chain_id": CHAIN_ID} for name in ("base", "polygon")}

    def below(network: str) -> int:
        asset = next(asset for asset in registry.network(network).assets if not asset.contract)
        return signer(network).quote(Order(asset, anvil.accounts[0], RECIPIENT, 1)).below

    assert below("base") == 0  # there is no such contract yet
    # A contract that answers 4660 to whatever it is asked.
    anvil.rpc("anvil_setCode", "0x420000000000000000000000000000000000000F", "0x61123460005260206000f3")
    assert (below("base"), below("polygon")) == (2 * 4660, 0)
    quote = FeeQuote(gas=21_000, price=10, tip=1, below=500)
    assert quote.most == 210_500
