"""Sending on TRON: every byte is built and hashed here, and no node is believed in what would cost money."""

import hashlib

import pytest
from bip_utils import Bip32Slip10Secp256k1, Bip39SeedGenerator
from tronpy.keys import PrivateKey, Signature
from tronpy.proto import calculate_txid_from_raw_data, tron_pb2

from chains import registry, seeds, tron_transactions
from chains.base import Asset, ChainUnavailable
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, OutbiddingSigner, signer
from chains.tron_signing import LIFETIME_MILLISECONDS, SLACK_MILLISECONDS
from tests.chains.small_tron import (
    BEHIND,
    ENERGY_TO_HOLDER,
    ENERGY_TO_NEW,
    NEW_ACCOUNT,
    NEW_ACCOUNT_BYTES,
    Account,
    SmallTron,
    TronNode,
    hex_of,
)

PHRASE = "abandon " * 11 + "about"
SENDER = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"  # m/44'/195'/0'/0/0 of the published phrase
RECIPIENT = "TQ6pM81JDC2GhrUoNYtZGvPc7SvyqcemEu"
TRX = 10**6
COIN = Asset("TRX", "tron", 6, 6)
MINUTE = 60_000


@pytest.fixture
def chain():
    return SmallTron()


@pytest.fixture
def nodes(chain, settings):
    both = [TronNode(chain), TronNode(chain)]
    settings.CHAINS = {"tron": {"rpc_urls": [node.url for node in both]}}
    yield both
    for node in both:
        node.stop()


@pytest.fixture
def tron(nodes):
    return signer("tron")


@pytest.fixture
def rich(chain):
    """The sender has 1,000 TRX and 100 USDT."""
    chain.credit(SENDER, 1000 * TRX)
    chain.state.tokens[hex_of(SENDER)] = 100 * TRX


def order(code: str, units: int, recipient: str = RECIPIENT) -> Order:
    asset = registry.asset("tron", code)
    assert asset is not None
    return Order(asset, SENDER, recipient, units)


def signed(tron, what: Order, quote: FeeQuote | None = None):
    standing = tron.standing(SENDER)
    return tron.sign(
        what,
        nonce=standing.nonce,
        anchor=standing.anchor,
        quote=quote or tron.quote(what),
        private_key=seeds.private_key("tron", PHRASE, "0/0"),
    )


class TestBytes:
    def test_a_phrase_gives_the_account_that_every_wallet_gives(self):
        assert seeds.address_of("tron", PHRASE, "0/0") == SENDER
        assert seeds.account_key("tron", PHRASE).startswith("xpub")

    def test_a_transfer_is_built_byte_by_byte_as_nodes_build_it(self):
        # What createtransaction answered on the Nile network, as a published library keeps it for its tests.
        what = Order(COIN, "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf", "TGexEkipwwnskd2rDXWvptwLLhjCTcNeCi", 1000)

        raw = tron_transactions.unsigned(
            what,
            made_at=1773182865805,
            expires_at=1773182925000,
            fee_limit=0,
            anchor="0" * 12 + "8acb" + "7c571ea3e7e9dbf3" + "0" * 32,
        )

        assert raw.hex() == (
            "0a028acb22087c571ea3e7e9dbf340c8f1c0cfcd335a66080112620a2d747970652e676f6f676c65617069732e636f6d2f70726f"
            "746f636f6c2e5472616e73666572436f6e747261637412310a1541eca9bc828a3005b9a3b909f2cc5c2a54794de05f121541495511"
            "a493d8c362be4267224e6d81013a6862ee18e807708da3bdcfcd33"
        )
        assert tron_transactions.txid_of(raw) == "ae80c7aa55e19c2da5e712d4be50e4c9422dd6bfc99039cc42d5deb76938c0e7"

    def test_a_token_s_transfer_is_the_same_to_tron_s_own_schema(self):
        token = Asset("USDT", "tron", 6, 2, contract="TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf")
        what = Order(token, "TGexEkipwwnskd2rDXWvptwLLhjCTcNeCi", "THGb41mLdft1nvi27vcijfZPLN5ZL7yXoN", 1)
        call = "a9059cbb" + "50125bea243a640bf85348873b6c4f3c517aee7a".rjust(64, "0") + f"{1:064x}"
        value = {"owner_address": what.sender, "contract_address": token.contract, "data": call}
        told = {
            "contract": [
                {
                    "type": "TriggerSmartContract",
                    "parameter": {
                        "value": value,
                        "type_url": "type.googleapis.com/protocol.TriggerSmartContract",
                    },
                }
            ],
            "ref_block_bytes": "8ad9",
            "ref_block_hash": "eaef69105495eb15",
            "expiration": 1773182914544,
            "timestamp": 1773182854544,
            "fee_limit": 100000000,
        }

        raw = tron_transactions.unsigned(
            what,
            made_at=1773182854544,
            expires_at=1773182914544,
            fee_limit=100000000,
            anchor="0" * 12 + "8ad9" + "eaef69105495eb15" + "0" * 32,
        )

        assert tron_transactions.txid_of(raw) == calculate_txid_from_raw_data(told)

    def test_a_transaction_of_the_network_has_the_id_and_signer_that_are_read_from_its_bytes(self):
        # From the Nile network, which carried it out.
        raw = bytes.fromhex(
            "0a028ad92208eaef69105495eb1540f09fc0cfcd335aae01081f12a9010a31747970652e676f6f676c65617069732e636f6d2f7072"
            "6f746f636f6c2e54726967676572536d617274436f6e747261637412740a1541495511a493d8c362be4267224e6d81013a6862ee12"
            "1541eca9bc828a3005b9a3b909f2cc5c2a54794de05f2244a9059cbb00000000000000000000004150125bea243a640bf85348873b"
            "6c4f3c517aee7a00000000000000000000000000000000000000000000000000000000000000017090cbbccfcd33900180c2d72f"
        )
        signature = Signature.fromhex(
            "1788bf0281f67c42f5a09322523edee9969e808a863776f21ab6543de9dd42ca"
            "0e4955577879df8074086c620eb96709ba9a95d60a166de190a081e8d69801da00"
        )

        assert tron_transactions.txid_of(raw) == "c70b20da8cb8d96a99c1aceb283412acb9dea313a9e467178431a3c6ae8b9f08"
        key = signature.recover_public_key_from_msg_hash(hashlib.sha256(raw).digest())
        assert key.to_base58check_address() == "TGexEkipwwnskd2rDXWvptwLLhjCTcNeCi"

    def test_the_signature_is_the_one_that_other_wallets_make(self):
        # From the tests of a published wallet: key m/44'/145'/0'/0/0 of its phrase.
        phrase = "inject kidney empty canal shadow pact comfort wife crush horse wife sketch"
        path = "44'/145'/0'/0/0"
        key = bytes(
            Bip32Slip10Secp256k1.FromSeed(Bip39SeedGenerator(phrase).Generate()).DerivePath(path).PrivateKey().Raw()
        )
        raw = bytes.fromhex(
            "0a0208312208b02efdc02638b61e40f083c3a7c92d5a65080112610a2d747970652e676f6f676c65617069732e636f6d2f70726f"
            "746f636f6c2e5472616e73666572436f6e747261637412300a1541a1e81654258bf14f63feb2e8d1380075d45b0dac1215410b3e"
            "84ec677b3e63c99affcadb91a6b4e086798f186470a0bfbfa7c92d"
        )

        made = tron_transactions.sign(raw, sender=PrivateKey(key).public_key.to_base58check_address(), private_key=key)

        message = tron_pb2.Transaction.FromString(bytes.fromhex(made.raw))
        assert message.signature[0].hex() == (
            "beac4045c3ea5136b541a3d5ec2a3e5836d94f28a1371440a01258808612bc16"
            "1b5417e6f5a342451303cda840f7e21bfaba1011fad5f63538cb8cc132a9768800"
        )
        assert message.raw_data.SerializeToString() == raw

    def test_another_key_than_the_sender_s_signs_nothing(self):
        key = seeds.private_key("tron", PHRASE, "0/1")

        with pytest.raises(ValueError, match="not that of the sender"):
            tron_transactions.sign(b"anything", sender=SENDER, private_key=key)

    @pytest.mark.parametrize("units", [0, 2**63])
    def test_what_does_not_fit_into_a_transaction_is_not_cut_to_size(self, units):
        what = Order(COIN, SENDER, RECIPIENT, units)
        about = {"made_at": 1, "expires_at": 2, "fee_limit": 0, "anchor": "0" * 64}
        if units == 0:
            assert b"\x18" not in tron_transactions.unsigned(what, **about)[-20:]
            return

        with pytest.raises(ValueError, match="does not fit"):
            tron_transactions.unsigned(what, **about)


class TestSending:
    def test_sends_the_coin_and_knows_the_id_before_anybody_else(self, chain, tron, rich):
        what = order("TRX", 5 * TRX)

        made = signed(tron, what)
        assert tron.outcome(made.txid, what) == tron.outcome("ab" * 32, what)
        tron.broadcast(made)
        chain.mine()

        outcome = tron.outcome(made.txid, what)
        assert (outcome.is_known, outcome.succeeded, outcome.is_final) == (True, True, False)
        assert (outcome.height, outcome.block_hash) == (chain.tip.height, chain.tip.id)
        assert outcome.fee_units == NEW_ACCOUNT + NEW_ACCOUNT_BYTES
        assert chain.sun(RECIPIENT) == 5 * TRX

    def test_sends_a_token_and_calls_it_final_when_its_block_is_solid(self, chain, tron, rich):
        what = order("USDT", 7_000_000)
        made = signed(tron, what)
        tron.broadcast(made)
        chain.mine(BEHIND)
        assert not tron.outcome(made.txid, what).is_final

        chain.mine()

        outcome = tron.outcome(made.txid, what)
        assert (outcome.succeeded, outcome.is_final) == (True, True)
        assert outcome.fee_units == ENERGY_TO_NEW * 100  # bytes are free once a day
        assert (tron.balance(RECIPIENT, what.asset), tron.balance(SENDER, what.asset)) == (7_000_000, 93_000_000)

    def test_a_token_that_says_yes_and_moves_nothing_has_not_succeeded(self, chain, tron, rich):
        chain.refuses_quietly = True
        what = order("USDT", 1_000)
        made = signed(tron, what)
        tron.broadcast(made)
        chain.mine()

        outcome = tron.outcome(made.txid, what)

        assert (outcome.is_known, outcome.succeeded) == (True, False)

    @pytest.mark.parametrize("other", [{"units": 1_001}, {"recipient": SENDER}])
    def test_a_transaction_that_moved_something_else_has_not_succeeded(self, chain, tron, rich, other):
        made = signed(tron, order("USDT", 1_000))
        tron.broadcast(made)
        chain.mine()

        assert tron.outcome(made.txid, order("USDT", 1_000)).succeeded
        assert not tron.outcome(made.txid, order("USDT", **{"units": 1_000} | other)).succeeded

    def test_one_that_ran_out_of_energy_has_failed_and_cost_something(self, chain, tron, rich):
        what = order("USDT", 1_000)
        made = signed(tron, what, FeeQuote(gas=10_000, price=100, tip=0))
        tron.broadcast(made)
        chain.mine(BEHIND + 1)

        outcome = tron.outcome(made.txid, what)

        assert (outcome.succeeded, outcome.is_final, outcome.fee_units) == (False, True, 1_000_000)

    def test_the_same_bytes_sent_again_are_known_and_move_nothing_twice(self, chain, nodes, tron, rich):
        made = signed(tron, order("TRX", 77))
        tron.broadcast(made)
        tron.broadcast(made)
        chain.mine()

        tron.broadcast(made)
        chain.mine()

        assert chain.sun(RECIPIENT) == 77
        assert len(nodes[0].sent) == 3

    @pytest.mark.parametrize("mood", ["denies", "hangs up", "misnames", "refuses"])
    def test_a_broadcast_is_unclear_when_no_node_accepts_it_plainly(self, nodes, tron, rich, mood):
        made = signed(tron, order("TRX", 77))
        for node in nodes:
            node.mood = mood

        with pytest.raises(BroadcastUnclear):
            tron.broadcast(made)

    def test_one_good_node_is_enough_to_send(self, chain, nodes, tron, rich):
        made = signed(tron, order("TRX", 77))
        nodes[0].mood = "refuses"

        tron.broadcast(made)

        assert list(chain.pending) == [made.txid]

    def test_one_that_names_a_block_of_another_chain_or_has_expired_is_not_taken(self, chain, tron, rich):
        what, key = order("TRX", 77), seeds.private_key("tron", PHRASE, "0/0")
        standing, quote = tron.standing(SENDER), tron.quote(order("TRX", 77))
        elsewhere = tron.sign(what, nonce=standing.nonce, anchor="ab" * 32, quote=quote, private_key=key)
        late = tron.sign(what, nonce=chain.tip.time, anchor=standing.anchor, quote=quote, private_key=key)

        for made, code in ((elsewhere, "TAPOS_ERROR"), (late, "TRANSACTION_EXPIRATION_ERROR")):
            with pytest.raises(BroadcastUnclear, match=code):
                tron.broadcast(made)


class TestFees:
    def test_a_token_s_transfer_is_charged_for_energy_and_bytes(self, tron, rich):
        quote = tron.quote(order("USDT", 1_000))

        assert (quote.gas, quote.price) == (ENERGY_TO_NEW * 5 // 4, 100)
        assert 340_000 < quote.below < 370_000  # 345 bytes and a little, at 1,000 each
        assert quote.needed == quote.gas * quote.price  # the bytes are free once a day

    def test_it_is_cheaper_for_a_recipient_who_has_the_token(self, chain, tron, rich):
        chain.state.tokens[hex_of(RECIPIENT)] = 1

        assert tron.quote(order("USDT", 1_000)).gas == ENERGY_TO_HOLDER * 5 // 4

    def test_staked_energy_need_not_be_held_but_counts_for_the_most(self, chain, tron, rich):
        chain.state.accounts[hex_of(SENDER)].energy = 1_000_000

        quote = tron.quote(order("USDT", 1_000))

        assert quote.needed == 0
        assert quote.most == quote.gas * 100 + quote.below

    def test_bytes_cost_when_the_free_ones_are_used_up(self, chain, tron, rich):
        chain.state.accounts[hex_of(SENDER)].used_bytes = 500
        chain.credit(RECIPIENT, 1)

        quote = tron.quote(order("TRX", 1_000))

        assert quote.needed == quote.most == quote.below
        assert 265_000 < quote.below < 300_000

    def test_a_new_account_costs_a_trx_and_a_tenth(self, chain, tron, rich):
        assert tron.quote(order("TRX", 1)).needed == 1_100_000

        chain.credit(RECIPIENT, 1)

        assert tron.quote(order("TRX", 1)).needed == 0

    def test_bringing_coin_to_an_address_that_has_none_activates_it(self, chain, tron):
        chain.state.tokens[hex_of(SENDER)] = 1_000

        quote = tron.quote(order("USDT", 1_000))

        assert quote.bringing == 1_100_000
        assert quote.needed == quote.most

    def test_the_highest_word_of_all_nodes_counts(self, nodes, tron, rich):
        honest = tron.quote(order("USDT", 1_000))
        nodes[0].lies["/wallet/triggerconstantcontract"] = lambda _, answer: answer | {"energy_used": 1}
        nodes[0].lies["/wallet/getchainparameters"] = lambda _, answer: {
            "chainParameter": [item | {"value": 1} for item in answer["chainParameter"]]
        }
        nodes[0].lies["/wallet/getaccountresource"] = lambda _, answer: answer | {"EnergyLimit": 10**9}

        quote = tron.quote(order("USDT", 1_000))

        assert (quote.gas, quote.price, quote.most, quote.bringing) == (
            honest.gas,
            honest.price,
            honest.most,
            honest.bringing,
        )
        assert quote.needed >= honest.needed

    def test_a_transfer_that_would_fail_is_not_quoted(self, chain, tron, rich):
        chain.state.accounts[hex_of(RECIPIENT)] = Account(kind="Contract")

        with pytest.raises(NotPayable, match="REVERT"):
            tron.quote(order("USDT", 10**12))
        with pytest.raises(NotPayable, match="contract"):
            tron.quote(order("TRX", 1))


class TestNumbers:
    """The moment of expiry is the number of a transaction."""

    def test_it_is_ten_minutes_after_the_last_solid_block_which_is_named(self, chain, tron):
        standing = tron.standing(SENDER)

        assert (standing.nonce, standing.anchor) == (chain.solid.time + LIFETIME_MILLISECONDS, chain.solid.id)
        assert not standing.is_busy
        chain.mine()
        assert tron.standing(SENDER).nonce == standing.nonce + 3000

    def test_nobody_moves_it_into_the_future(self, chain, nodes, tron):
        def later(_, answer):
            raw = answer["block_header"]["raw_data"]
            raw |= {"number": raw["number"] + 9, "timestamp": raw["timestamp"] + 30 * MINUTE}
            return answer

        nodes[1].lies["/walletsolidity/getblock"] = later

        assert tron.standing(SENDER).nonce == chain.solid.time + LIFETIME_MILLISECONDS

    @pytest.mark.parametrize("minutes", [-61, 61])
    def test_a_chain_whose_time_is_not_ours_is_not_signed_for(self, nodes, tron, minutes):
        def elsewhen(_, answer):
            answer["block_header"]["raw_data"]["timestamp"] += minutes * MINUTE
            return answer

        for node in nodes:
            node.lies["/walletsolidity/getblock"] = elsewhen

        with pytest.raises(ChainUnavailable, match="an hour"):
            tron.standing(SENDER)

    def test_it_is_over_ten_minutes_after_every_node_has_a_solid_block_as_late(self, chain, nodes, tron):
        nonce = tron.standing(SENDER).nonce
        assert tron.used_for_good(SENDER) == chain.solid.time - SLACK_MILLISECONDS

        chain.pass_time(21)

        assert tron.used_for_good(SENDER) > nonce
        old = chain.block(chain.tip.height - 100 + 60).header()
        nodes[1].lies["/walletsolidity/getblock"] = lambda _, __: old
        assert tron.used_for_good(SENDER) < nonce

    def test_one_node_that_is_silent_keeps_everything_open(self, nodes, tron):
        nodes[1].hangs_up = True

        with pytest.raises(ChainUnavailable):
            tron.used_for_good(SENDER)
        assert not tron.outcome("ab" * 32, order("TRX", 1)).is_denied

    def test_one_node_that_knows_it_keeps_it_from_being_denied(self, chain, nodes, tron, rich):
        what = order("TRX", 77)
        made = signed(tron, what)
        assert tron.outcome(made.txid, what).is_denied
        tron.broadcast(made)
        chain.mine(BEHIND + 1)
        for side in ("wallet", "walletsolidity"):
            nodes[0].lies[f"/{side}/gettransactioninfobyid"] = lambda _, __: {}

        outcome = tron.outcome(made.txid, what)

        assert (outcome.is_known, outcome.is_denied, outcome.is_final) == (True, False, False)

    def test_nothing_is_replaced(self, tron):
        assert not isinstance(tron, OutbiddingSigner)
        assert tron.lapses


class TestLies:
    @pytest.fixture
    def done(self, chain, tron, rich):
        what = order("USDT", 1_000)
        made = signed(tron, what)
        tron.broadcast(made)
        chain.mine(BEHIND + 1)
        assert tron.outcome(made.txid, what).is_final
        return made.txid, what

    @pytest.mark.parametrize(
        "change",
        [
            {"result": "FAILED"},
            {"log": []},
            {"blockNumber": None},
            {"receipt": {"result": "OUT_OF_ENERGY"}},
            {"fee": 1},
        ],
    )
    def test_nothing_is_final_while_two_nodes_tell_different_things(self, chain, nodes, tron, done, change):
        if "blockNumber" in change:
            change = {"blockNumber": chain.solid.height - 1}
        for side in ("wallet", "walletsolidity"):
            nodes[1].lies[f"/{side}/gettransactioninfobyid"] = lambda _, answer: answer | change

        assert not tron.outcome(*done).is_final

    def test_nothing_is_final_while_one_is_silent(self, nodes, tron, done):
        nodes[1].hangs_up = True

        assert not tron.outcome(*done).is_final

    @pytest.mark.parametrize(
        ("path", "lie"),
        [
            ("gettransactioninfobyid", {"id": "ab" * 32}),
            ("gettransactioninfobyid", {"blockNumber": "70000040"}),
            ("gettransactioninfobyid", {"fee": -1}),
            ("gettransactioninfobyid", {"log": {}}),
            ("getblock", {"blockID": "xy"}),
            ("getblock", {"block_header": {"raw_data": {"number": 5, "parentHash": "0" * 64}}}),
        ],
    )
    def test_nonsense_is_no_answer(self, nodes, tron, done, path, lie):
        for node in nodes:
            for side in ("wallet", "walletsolidity"):
                node.lies[f"/{side}/{path}"] = lambda _, answer: answer | lie

        with pytest.raises(ChainUnavailable):
            tron.outcome(*done)

    @pytest.mark.parametrize("answer", [{}, {"result": {"result": True}, "constant_result": ["zz" * 32]}])
    def test_a_balance_that_is_none_is_no_answer(self, nodes, tron, done, answer):
        for node in nodes:
            node.lies["/wallet/triggerconstantcontract"] = lambda _, __: answer

        with pytest.raises(ChainUnavailable):
            tron.balance(SENDER, done[1].asset)

    def test_an_absurd_energy_is_quoted_for_the_cap_to_refuse(self, nodes, tron, done):
        nodes[0].lies["/wallet/triggerconstantcontract"] = lambda _, answer: answer | {"energy_used": 10**9}

        assert tron.quote(done[1]).most > 10**11
