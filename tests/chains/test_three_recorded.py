"""Solana, the XRP Ledger and Cardano on what public nodes answered about real transactions, cut to what is read."""

import pytest

from chains.addresses import is_valid_address
from chains.codecs_solana import TOKEN_PROGRAM, token_account
from chains.registry import build
from chains.solana_transactions import read_transaction
from chains.xrp_transactions import read_deliveries
from tests.chains.fake_node import FakeNode
from tests.chains.small_cardano import FIRST, SmallCardano, Tx
from tests.chains.test_cardano import read, reader_of
from tests.chains.watching import Watching


@pytest.fixture(autouse=True)
def mainnet(settings):
    settings.CHAINS = {}


class TestSolana:
    """A cent of USDC on the development network, slot 353107528."""

    SIGNATURE = "3Zj5XkvE1Uec1frjue6SK2ND2cqhKPvPkZ1ZFPwo2v9iL4NX4b4WWG1wPNEQdnJJU8sVx7MMHjSH1HxoR21vEjoV"
    USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"
    PAYER = "BLw3RweJmfbTapJRgnPRvd962YDjFYAnVGd1p5hmZ5tP"
    RECEIVER = "BXT1K8kzYXWMi6ihg7m9UqiHW4iJbJ69zumELHE9oBLe"
    KEYS = (
        PAYER,
        "644PJ6UW8e4gQpjKdBVd4MCYasWjSECKjqd2qzdeAJY6",
        "G23tQHsbQuh3yqUBoyXDn3TwqEbbbUHAHEeUSvJaVRtA",
        TOKEN_PROGRAM,
    )

    def held(self, index, owner, units):
        amount = {"amount": str(units), "decimals": 6, "uiAmount": units / 10**6, "uiAmountString": str(units / 10**6)}
        return {
            "accountIndex": index,
            "mint": self.USDC,
            "owner": owner,
            "programId": TOKEN_PROGRAM,
            "uiTokenAmount": amount,
        }

    @property
    def reply(self):
        return {
            "blockTime": 1736502537,
            "meta": {
                "computeUnitsConsumed": 4644,
                "err": None,
                "fee": 5000,
                "innerInstructions": [],
                "loadedAddresses": {"readonly": [], "writable": []},
                "postBalances": [3283860040, 2039280, 2039280, 934087680],
                "postTokenBalances": [self.held(1, self.RECEIVER, 70_000), self.held(2, self.PAYER, 7_649_876)],
                "preBalances": [3283865040, 2039280, 2039280, 934087680],
                "preTokenBalances": [self.held(1, self.RECEIVER, 60_000), self.held(2, self.PAYER, 7_659_876)],
                "rewards": [],
                "status": {"Ok": None},
            },
            "slot": 353107528,
            "transaction": {
                "message": {"accountKeys": list(self.KEYS), "addressTableLookups": [], "instructions": []},
                "signatures": [self.SIGNATURE],
            },
            "version": 0,
        }

    def test_the_token_accounts_are_those_that_were_used(self):
        assert token_account(self.RECEIVER, self.USDC, TOKEN_PROGRAM) == self.KEYS[1]
        assert token_account(self.PAYER, self.USDC, TOKEN_PROGRAM) == self.KEYS[2]
        assert is_valid_address("solana", self.RECEIVER)
        assert not is_valid_address("solana", self.KEYS[1])

    def test_it_brought_a_cent(self):
        devnet = next(each for each in build({"solana": {"network": "testnet"}}) if each.code == "solana")
        coin, usdc = devnet.asset("SOL"), devnet.asset("USDC")
        assert usdc.contract == self.USDC
        receipt = read_transaction(
            self.reply, signature=self.SIGNATURE, slot=353107528, coin=coin, tokens={usdc.contract: usdc}
        )

        (transfer,) = receipt.transfers({self.RECEIVER}, set(), None)
        assert (transfer.asset, transfer.units, transfer.sender) == ("USDC", 10_000, self.PAYER)
        assert transfer.fee_units == 5000
        assert list(receipt.transfers({self.PAYER}, set(), None)) == []


class TestXrp:
    def delivered(self, transaction, meta, index):
        entry = {"tx": {**transaction, "ledger_index": index}, "meta": meta, "validated": True}
        return list(read_deliveries(entry, first=index, last=index))

    def test_a_claim_of_ten_thousand_drops(self):
        account = {
            "FinalFields": {"Account": "rK6g2UYc4GpQH8DYdPG7wywyQbxkJpQTTN", "Balance": "3210419209"},
            "LedgerEntryType": "AccountRoot",
            "PreviousFields": {"Balance": "3210409221", "Sequence": 189747},
        }
        channel = {
            "FinalFields": {
                "Account": "rD1ioePTv7P1jgELM3tDkDU1LJqTEwuwo",
                "Amount": "10000000",
                "Balance": "30000",
                "Destination": "rK6g2UYc4GpQH8DYdPG7wywyQbxkJpQTTN",
                "SourceTag": 3222008151,
            },
            "LedgerEntryType": "PayChannel",
            "PreviousFields": {"Balance": "20000"},
        }
        (found,) = self.delivered(
            {
                "Account": "rK6g2UYc4GpQH8DYdPG7wywyQbxkJpQTTN",
                "Balance": "30000",
                "Fee": "12",
                "TransactionType": "PaymentChannelClaim",
                "hash": "A95D84E9C6791C871385C01171162021A9BDF3474F1159192F67A4EECA77CB4E",
            },
            {
                "AffectedNodes": [{"ModifiedNode": account}, {"ModifiedNode": channel}],
                "TransactionIndex": 12,
                "TransactionResult": "tesSUCCESS",
            },
            39471021,
        )

        assert (found.sender, found.recipient) == (channel["FinalFields"]["Account"], account["FinalFields"]["Account"])
        assert (found.drops, found.tag, found.position) == (10_000, "", 12)
        # The account has that much more, less the cost of claiming it.
        assert found.drops - found.fee == 3210419209 - 3210409221

    def test_an_escrow_to_oneself(self):
        escrow = {
            "FinalFields": {
                "Account": "rKDvgGUsNPZxsgmoemfrgXPS2Not4co2op",
                "Amount": "1000000000000000",
                "Destination": "rKDvgGUsNPZxsgmoemfrgXPS2Not4co2op",
            },
            "LedgerEntryType": "Escrow",
        }
        directory = {"FinalFields": {"Flags": 0}, "LedgerEntryType": "DirectoryNode"}
        (found,) = self.delivered(
            {
                "Account": "rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn",
                "Fee": "5000",
                "TransactionType": "EscrowFinish",
                "hash": "317081AF188CDD4DBE55C418F41A90EC3B959CDB3B76105E0CBE6B7A0F56C5F7",
            },
            {
                "AffectedNodes": [{"ModifiedNode": directory}, {"DeletedNode": escrow}],
                "TransactionIndex": 36,
                "TransactionResult": "tesSUCCESS",
            },
            34957750,
        )

        assert (found.drops, found.sender) == (10**15, found.recipient)  # so it brought nothing

    def test_a_check_over_a_token_is_no_xrp(self):
        token = {
            "currency": "4655524945000000000000000000000000000000",
            "issuer": "rsbKWsVx8io3WhKaLhs4ehfeFhwQRmX6BC",
            "value": "80000000",
        }
        check = {
            "FinalFields": {
                "Account": "r3bHm7MsgqDi3HPFeTuZrxM5oiF4L4eMjX",
                "Destination": "r9PpzByDqSefhyU82bLDzr125NwQTKXEut",
                "SendMax": token,
            },
            "LedgerEntryType": "Check",
        }
        untouched = {"LedgerEntryType": "AccountRoot", "LedgerIndex": "AE71EF5B"}  # some have no fields at all
        found = self.delivered(
            {"Account": "r9PpzByDqSefhyU82bLDzr125NwQTKXEut", "Fee": "12", "TransactionType": "CheckCash"},
            {
                "AffectedNodes": [{"ModifiedNode": untouched}, {"DeletedNode": check}],
                "DeliveredAmount": token,
                "delivered_amount": token,
                "TransactionIndex": 24,
                "TransactionResult": "tesSUCCESS",
            },
            93993943,
        )

        assert found == []


class TestCardano:
    """A transaction with a script of the year 2021, and block 6602319."""

    KEY = "addr1vyrrp6xxxtju3ts2sjdgv0smvw9eph5n28gsjf8d8e827gqutvkft"
    SCRIPT = "addr1w83yy69vkawcvya7eamsy7upqq5dzlrhd77m3myhkznfhrszj6emw"
    TXID = "7ec5dd9f2fdd33b73786106b95be7737f6de5d53bb5e7b0610d1b9e947474d3c"
    BEFORE = "580818d2156a04626134b35be864a01d8de35916c4f09a6f4900fc2abf23f01b"
    TOKEN = {"unit": "c9aef063a35905d41b7c067a74cdf1efc495c80c45bdba2622ff11d843334e6f64654e4654", "quantity": "1"}

    def part(self, address, lovelace, index, **others):
        tokens = [self.TOKEN] if address == self.SCRIPT else []
        return {
            "address": address,
            "amount": [{"unit": "lovelace", "quantity": lovelace}, *tokens],
            "output_index": index,
            "data_hash": None,
            "inline_datum": None,
            "reference_script_hash": None,
            "collateral": False,
            **others,
        }

    def test_the_change_of_a_script_transaction_is_no_payment(self):
        class Recorded(Tx):
            hash = self.TXID

        inputs = [
            self.part(self.KEY, "41498201", 0, tx_hash=self.BEFORE, reference=False),
            self.part(self.SCRIPT, "2000000", 1, tx_hash=self.BEFORE, reference=False),
            self.part(self.KEY, "41498201", 0, tx_hash=self.BEFORE, reference=False, collateral=True),
        ]
        outputs = [self.part(self.KEY, "40918950", 0), self.part(self.SCRIPT, "2000000", 1)]
        chain = SmallCardano()
        chain.add(FIRST + 5, Recorded("recorded", outputs, inputs))
        node = FakeNode(chain)

        assert read(reader_of(node.url), watchlist=Watching(self.KEY, self.SCRIPT)) == []
        inputs[:] = inputs[1:]
        (transfer,) = read(reader_of(node.url), watchlist=Watching(self.KEY))
        assert (transfer.units, transfer.txid) == (40_918_950, self.TXID)
        node.stop()

    @pytest.mark.parametrize(
        ("address", "is_taken"),
        [
            (
                "addr1q8jhys2qe7dgzrqaha0g7k355ynql7hx9p2x055z8v9evykshh6d79pfdwu8pep5nv6whpy2uwwfkdvrd5ux22uhgmmqupgqe6",
                True,
            ),
            (
                "addr1qya6fq80hqfqz7f7w9mnua8hsvkkwnqzsxw6cg2mqa3ztjd4zz8y55elqn89y4rlqpns3d6a6hr2xjhkyp5q75tugtgqt2gvxv",
                True,
            ),
            ("addr1vy740r73x2w3du2xxt76cs4hdml4zw2c5h7tddcyf3jauys9tyns4", True),
            (KEY, True),
            (SCRIPT, False),
            (
                "DdzFFzCqrhshtvmzEffCgLJxAmSJhC2FCDfqnfpuATuLwD8A1iypC4BiKfYYjP7Fzk5iodVvnbowdwRXTGsK557MxHMFkCZYbq8eTfsv",
                False,
            ),
        ],
    )
    def test_addresses_of_a_real_block(self, address, is_taken):
        assert is_valid_address("cardano", address) is is_taken
