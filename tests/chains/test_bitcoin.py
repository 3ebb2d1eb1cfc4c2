"""The Bitcoin reader on replies in the shape Bitcoin Core gives them, honest and otherwise."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chains.base import ChainUnavailable, Landmark, Transfer
from chains.bitcoin import BitcoinReader
from chains.bitcoin_blocks import merkle_root, read_header
from chains.bitcoin_serialisation import read_serialised
from chains.codecs import base58check_decode, base58check_encode
from chains.codecs_bitcoin import ADDRESS_RULES, script_of
from chains.registry import build
from core import exact_json
from tests.chains.fake_node import FakeNode, RpcAnswers, RpcError
from tests.chains.watching import Watching

SHOP = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
TAPROOT_SHOP = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"
OTHER = "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"
# Keys and their addresses: BIP-84's first receiving key, and the generator point.
SHOP_KEY = "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c"
G = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
G_SEGWIT, G_LEGACY, G_NESTED = (
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
    "3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN",
)
# A nested address of Litecoin as it was written at first (3…) and is now (M…).
OLD_NESTED_NOW = base58check_encode(b"\x32" + base58check_decode("37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf")[1:])
SIGNATURE = "30" * 71


def sha256d(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def txid_of(number: int) -> str:
    return sha256d(number.to_bytes(8, "big")).hex()


def pay(address: str, value, **changes) -> dict:
    """Return an output as getrawtransaction has it; the node's own word for the address is a lie."""
    rules = ADDRESS_RULES["bitcoin", "mainnet"]
    script = {"asm": "", "desc": "", "hex": script_of(address, rules), "address": OTHER, "type": "witness_v0_keyhash"}
    return {"value": value, "n": 0, "scriptPubKey": script} | changes


def script(raw: str, value=Decimal("1.5")) -> dict:
    return {"value": value, "n": 0, "scriptPubKey": {"asm": "", "hex": raw, "type": "nonstandard"}}


def spend(script_sig: str = "", witness: list | None = None) -> dict:
    told = {"txid": txid_of(9999), "vout": 0, "scriptSig": {"asm": "", "hex": script_sig}, "sequence": 4294967293}
    return told | ({} if witness is None else {"txinwitness": witness})


def tx(number: int, *outputs: dict, inputs: list | None = None, **changes) -> dict:
    return {"txid": txid_of(number), "vin": inputs or [spend()], "vout": list(outputs)} | changes


def serialised(*outputs: dict, appended: bytes = b"", flag: bytes = b"", prefix: bytes = b"") -> dict:
    """Return a transaction with its serialisation, whose hash is its id; ``appended`` and ``flag`` are not hashed."""
    inputs = b"\1" + bytes.fromhex(txid_of(9999))[::-1] + bytes(4) + b"\0" + bytes.fromhex("fdffffff")
    paid = bytes([len(outputs)])
    for output in outputs:
        locked = prefix + bytes.fromhex(output["scriptPubKey"]["hex"])
        paid += int(output["value"] * 10**8).to_bytes(8, "little") + bytes([len(locked)]) + locked
    hashed = b"\2\0\0\0" + inputs + paid + bytes(4)
    raw = b"\2\0\0\0" + flag + inputs + paid + appended + bytes(4)
    return tx(0, *outputs, txid=sha256d(hashed)[::-1].hex(), hex=raw.hex())


def reward(height: int, *outputs: dict) -> dict:
    return tx(10**6 + height, *outputs, inputs=[{"coinbase": "03", "sequence": 4294967295}])


class SmallBitcoin:
    """A chain from its first block on, as an honest node tells it, with a mempool."""

    def __init__(self, *bodies: list[dict]) -> None:
        self.blocks: list[dict] = []
        self.waiting: dict[str, dict] = {}
        self.calls: list[tuple] = []
        self.takes_numbers = True
        self.has_index = True
        for body in bodies:
            self.grow(*body)

    def grow(self, *transactions: dict) -> str:
        height = len(self.blocks)
        body = [reward(height, script("51")), *transactions]
        parent = self.blocks[-1]["hash"] if self.blocks else "00" * 32
        root = merkle_root([item["txid"] for item in body])
        header = (
            (0x20000000).to_bytes(4, "little")
            + bytes.fromhex(parent)[::-1]
            + bytes.fromhex(root)[::-1]
            + (1_750_000_000 + 600 * height).to_bytes(4, "little")
            + bytes.fromhex("ffff7f20")
            + height.to_bytes(4, "little")
        )
        block = {"hash": sha256d(header)[::-1].hex(), "height": height, "tx": body, "header": header.hex()}
        self.blocks.append(block)
        return block["hash"]

    def __call__(self, method: str, params: list):
        self.calls.append((method, *params))
        return getattr(self, method)(*params)

    def count(self, method: str) -> int:
        return sum(call[0] == method for call in self.calls)

    def getblockcount(self):
        return len(self.blocks) - 1

    def getblockhash(self, height):
        if not 0 <= height < len(self.blocks):
            raise RpcError("Block height out of range", -8)
        return self.blocks[height]["hash"]

    def getblockheader(self, block_hash, verbose):
        block = self._block(block_hash)
        return {"hash": block["hash"], "height": block["height"]} if verbose else block["header"]

    def getblock(self, block_hash, *style):
        if style == (2,) if self.takes_numbers else style == (True, True):
            block = self._block(block_hash)
            return {key: value for key, value in block.items() if key != "header"}
        raise RpcError("Param #1 must be a boolean.", -3)

    def getrawmempool(self):
        return list(self.waiting)

    def getrawtransaction(self, txid, verbose):
        assert verbose is True
        for block in self.blocks if self.has_index else ():
            for item in block["tx"]:
                if item["txid"] == txid:
                    return item | {"blockhash": block["hash"]}
        if txid not in self.waiting:
            raise RpcError("No such mempool transaction. Use -txindex or provide a block hash", -5)
        return self.waiting[txid]

    def _block(self, block_hash):
        for block in self.blocks:
            if block["hash"] == block_hash:
                return block
        raise RpcError("Block not found", -5)


class ExactAnswers(RpcAnswers):
    """Writes amounts digit by digit, as Bitcoin Core does."""

    def __call__(self, path, body):
        answers = [self._one(call) for call in (body if isinstance(body, list) else [body])]
        return 200, exact_json.dumps(answers[::-1] if isinstance(body, list) else answers[0]).encode()


def network(code="bitcoin", side="mainnet", urls=()):
    networks = {found.code: found for found in build({code: {"network": side, "rpc_urls": list(urls)}})}
    return networks[code]


@pytest.fixture
def chain():
    return SmallBitcoin([], [])


@pytest.fixture
def node(chain):
    node = FakeNode(ExactAnswers(chain))
    yield node
    node.stop()


def reader_of(node, chain, code="bitcoin", **changes) -> BitcoinReader:
    found = network(code, urls=[node.url])
    return BitcoinReader(replace(found, landmark=Landmark(0, chain.blocks[0]["hash"]), **changes))


@pytest.fixture
def reader(node, chain):
    return reader_of(node, chain)


def read(reader, first, last, *addresses) -> list[Transfer]:
    return list(reader.transfers(first=first, last=last, watchlist=Watching(*addresses)))


class TestRealBlocks:
    """Blocks of the real chain: what is checked here was mined long ago."""

    HEADER = (  # of block 100,000
        "01000000"
        "50120119172a610421a6c3011dd330d9df07b63616c2cc1f1cd00200000000006657a9252aacd5c0b2940996ecff952228c3067cc38d48"
        "85efb5a4ac4247e9f337221b4d4c86041b0f2b5710"
    )
    HASH = "000000000003ba27aa200b1cecaad478d2b00432346c3f1f3986da1afd33e506"
    TXIDS = (
        "8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
        "fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
        "6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
        "e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
    )

    def test_the_header_of_block_100000(self):
        header = read_header(self.HEADER, self.HASH, 100_000)

        assert header.block.parent_hash == "000000000002d01c1fccc21636b607dfd930d31d01c3a62104612a1719011250"
        assert header.block.timestamp == datetime(2010, 12, 29, 11, 57, 43, tzinfo=UTC)
        assert header.merkle_root == merkle_root(self.TXIDS)

    def test_the_proof_of_merged_mining_behind_a_header_is_left_alone(self):
        assert read_header(self.HEADER + "00" * 500, self.HASH, 100_000).block.hash == self.HASH

    def test_the_tree_of_one_of_three_and_of_no_transactions(self):
        first, second, third = self.TXIDS[:3]

        assert merkle_root([first]) == first
        assert merkle_root([first, second, third]) == merkle_root([first, second, third, third])
        assert merkle_root([]) == ""

    def test_the_transfers_of_block_100000(self, node, chain):
        rules = ADDRESS_RULES["bitcoin", "mainnet"]
        paid = [
            [],
            [("1JqDybm2nWTENrHvMyafbSXXtTk5Uv5QAn", "5.56"), ("1EYTGtG4LnFfiMvjJdsU7GMGCQvsRSjYhx", "44.44")],
            [("1H8ANdafjpqYntniT3Ddxh4xPBMCSz33pj", "0.01"), ("1Am9UTGfdnxabvcywYG2hvzr6qK8T3oUZT", "2.99")],
            [("16FuTPaeRSPVxxCnwQmdyx2PQWxX6HWzhQ", "0.01")],
        ]
        body = [
            tx(0, *(pay(address, Decimal(value)) for address, value in outputs), txid=txid)
            for txid, outputs in zip(self.TXIDS, paid, strict=True)
        ]
        assert all(script_of(address, rules) for outputs in paid for address, _ in outputs)
        replies = {
            ("getblockhash", 100_000): self.HASH,
            ("getblockhash", 0): chain.blocks[0]["hash"],
            ("getblockheader", self.HASH): self.HEADER,
            ("getblock", self.HASH): {"hash": self.HASH, "height": 100_000, "tx": body},
        }
        node.answer = ExactAnswers(lambda method, params: replies[method, params[0]])

        found = read(reader_of(node, chain), 100_000, 100_000, *(address for outputs in paid for address, _ in outputs))

        assert [(transfer.recipient, transfer.units) for transfer in found] == [
            ("1JqDybm2nWTENrHvMyafbSXXtTk5Uv5QAn", 556_000_000),
            ("1EYTGtG4LnFfiMvjJdsU7GMGCQvsRSjYhx", 4_444_000_000),
            ("1H8ANdafjpqYntniT3Ddxh4xPBMCSz33pj", 1_000_000),
            ("1Am9UTGfdnxabvcywYG2hvzr6qK8T3oUZT", 299_000_000),
            ("16FuTPaeRSPVxxCnwQmdyx2PQWxX6HWzhQ", 1_000_000),
        ]


# The first payment from one person to another, in block 170.
FIRST_PAYMENT = (
    "0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402204e45e16932b8af514961"
    "a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09"
    "01ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554"
    "a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c53bc1eb68a38"
    "2e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac00000000"
)


class TestSerialised:
    def test_a_transaction_of_the_real_chain(self):
        txid, outputs = read_serialised(FIRST_PAYMENT)

        assert txid == "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
        assert [output.units for output in outputs] == [10 * 10**8, 40 * 10**8]
        assert outputs[0].script.startswith("4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7")

    @pytest.mark.parametrize(
        ("flag", "appended"),
        [
            (b"", b""),
            (b"\0\1", bytes.fromhex("02" + "47" + "30" * 71 + "21" + SHOP_KEY)),  # witnesses
            (b"\0\x08", b"\0"),  # Litecoin's extension block
        ],
    )
    def test_what_is_appended_is_no_part_of_the_id(self, chain, reader, flag, appended):
        chain.grow(serialised(pay(OTHER, 3), pay(SHOP, Decimal("0.5")), script("51"), flag=flag, appended=appended))

        assert [each.units for each in read(reader, 0, 2, SHOP)] == [50_000_000]

    def test_outputs_in_litecoin_s_extension_block_are_not_serialised(self, chain, reader):
        told = serialised(pay(SHOP, Decimal("0.5")), flag=b"\0\x08", appended=b"\1\2\3")
        told["vout"].append({"output_id": "ab" * 32, "n": 1, "ismweb": True})
        chain.grow(told)

        assert [each.units for each in read(reader, 0, 2, SHOP)] == [50_000_000]

    def test_tokens_before_a_script_change_nothing(self, chain, reader):
        chain.grow(serialised(pay(SHOP, Decimal("0.5")), prefix=b"\xef" + bytes(32) + b"\x10\1"))

        assert [each.units for each in read(reader, 0, 2, SHOP)] == [50_000_000]

    @pytest.mark.parametrize(
        "lie",
        [
            lambda told: told["vout"][0].update(value=Decimal(5)),
            lambda told: told["vout"][1].update(scriptPubKey=pay(SHOP, 1)["scriptPubKey"]),
            lambda told: told["vout"].append(pay(SHOP, 1)),
            lambda told: told["vout"].pop(1),
            lambda told: told.update(hex=serialised(pay(SHOP, 5), pay(OTHER, 3))["hex"]),
            lambda told: told.update(serialised(pay(SHOP, 5)), txid=told["txid"]),
            lambda told: told.update(hex=told["hex"][:-10]),
            lambda told: told.update(hex=told["hex"][:60]),
            lambda told: told.update(hex="0x"),
            lambda told: told.update(hex=""),
            lambda told: told.update(hex=7),
            lambda told: told.update(hex="02000000ff" + "ff" * 8),
        ],
    )
    def test_outputs_that_are_not_those_of_the_transaction_are_not_taken(self, chain, reader, lie):
        told = serialised(pay(SHOP, Decimal("0.5")), pay(OTHER, 3))
        lie(told)
        chain.grow(told)

        with pytest.raises(ChainUnavailable):
            read(reader, 0, 2, SHOP)

    def test_what_waits_is_checked_too(self, chain, reader):
        told = serialised(pay(SHOP, Decimal("0.5")))
        chain.waiting[told["txid"]] = told
        assert [each.units for each in reader.mempool(watchlist=Watching(SHOP))] == [50_000_000]
        larger = serialised(pay(SHOP, Decimal("0.25")))
        larger["vout"][0]["value"] = Decimal(25)
        chain.waiting[larger["txid"]] = larger

        with pytest.raises(ChainUnavailable, match="not those of the transaction"):
            reader.mempool(watchlist=Watching(SHOP))


class TestTransfers:
    def test_what_a_transfer_holds(self, chain, reader):
        block_hash = chain.grow(tx(1, pay(OTHER, 3), pay(SHOP, Decimal("0.00034600")), fee=Decimal("0.00000141")))

        (transfer,) = read(reader, 0, 2, SHOP)

        assert transfer == Transfer(
            network="bitcoin",
            asset="BTC",
            txid=txid_of(1),
            ordinal=0,
            sender="",
            recipient=SHOP,
            units=34_600,
            block=reader.block_at(2),
            fee_units=141,
        )
        assert transfer.block.hash == block_hash
        assert transfer.block.timestamp == datetime(2025, 6, 15, 15, 26, 40, tzinfo=UTC)

    def test_the_address_follows_from_the_script_whatever_the_node_says(self, chain, reader):
        bare = pay(SHOP, 1)
        del bare["scriptPubKey"]["address"]
        listed = pay(SHOP, 2)
        listed["scriptPubKey"]["addresses"] = [OTHER]
        chain.grow(tx(1, pay(SHOP, 4), bare, listed, pay(TAPROOT_SHOP, 8)))

        found = read(reader, 2, 2, SHOP, TAPROOT_SHOP, OTHER)

        assert [(transfer.recipient, transfer.ordinal, transfer.units // 10**8) for transfer in found] == [
            (SHOP, 0, 4),
            (SHOP, 1, 1),
            (SHOP, 2, 2),
            (TAPROOT_SHOP, 0, 8),
        ]

    def test_outputs_without_an_address_are_passed_over(self, chain, reader):
        chain.grow(
            tx(
                1,
                script("6a24aa21a9ed" + "00" * 32, 0),  # a note
                script("5121" + G + "51ae"),  # bare multisig
                script("21" + G + "ac"),  # bare key
                script(""),
                script("0014" + "11" * 19),
                {"value": 1, "n": 5, "output_id": "00" * 32, "ismweb": True},
                {"value": 1, "n": 6, "output_id": "00" * 32},
                pay(SHOP, 0),
                pay(SHOP, 1),
            )
        )
        watching = Watching(SHOP)

        found = list(reader.transfers(first=2, last=2, watchlist=watching))

        assert [(transfer.ordinal, transfer.units) for transfer in found] == [(0, 10**8)]
        assert watching.questions == [{SHOP}]

    def test_one_question_a_block(self, chain, reader):
        chain.grow(tx(1, pay(SHOP, 1)), tx(2, pay(OTHER, 1), pay(SHOP, 2)))
        chain.grow(tx(3, pay(OTHER, 1)))
        watching = Watching(SHOP)

        found = list(reader.transfers(first=0, last=3, watchlist=watching))

        assert [transfer.txid for transfer in found] == [txid_of(1), txid_of(2)]
        assert watching.questions == [{SHOP, OTHER}, {OTHER}]

    def test_the_reward_of_a_block_is_a_transfer_from_nobody(self, chain, reader):
        paid = reward(10, pay(SHOP, Decimal("3.125")))
        chain.grow(paid)

        (transfer,) = read(reader, 2, 2, SHOP)

        assert (transfer.txid, transfer.sender, transfer.units) == (paid["txid"], "", 312_500_000)

    @pytest.mark.parametrize(
        ("value", "units"),
        [
            (Decimal("0.00000001"), 1),
            (Decimal("1E-8"), 1),
            (Decimal("0.1"), 10_000_000),
            (Decimal("0.29999999"), 29_999_999),
            (Decimal("20999999.97690000"), 2_099_999_997_690_000),
            (Decimal("123456789012.12345678"), 12_345_678_901_212_345_678),
            (50, 5_000_000_000),
            (Decimal("50.0"), 5_000_000_000),
        ],
    )
    def test_amounts_are_exact(self, chain, reader, value, units):
        chain.grow(tx(1, pay(SHOP, value)))

        assert [transfer.units for transfer in read(reader, 2, 2, SHOP)] == [units]

    @pytest.mark.parametrize(
        "value", ["0.1", None, True, -1, Decimal("0.000000001"), Decimal("1E+400"), 10**12, [], {}]
    )
    def test_what_is_no_amount_is_not_guessed_at(self, chain, reader, value):
        chain.grow(tx(1, pay(OTHER, value), pay(SHOP, 1)), tx(2, pay(SHOP, value)))

        with pytest.raises(ChainUnavailable, match="no amount of coins"):
            read(reader, 2, 2, SHOP)
        assert read(reader, 2, 2, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH") == []  # nobody of ours is concerned

    @pytest.mark.parametrize(
        ("spent", "sender"),
        [
            (spend(witness=[SIGNATURE, G]), G_SEGWIT),
            (spend("47" + SIGNATURE + "21" + G), G_LEGACY),
            (spend("160014751e76e8199196d454941c45d1b3a323f1433bd6", [SIGNATURE, G]), G_NESTED),
            (spend("47" + SIGNATURE), ""),
            (spend("47" + SIGNATURE + "21" + G + "00"), ""),
            (spend("2200" + "11" * 33, [SIGNATURE, G]), ""),
            (spend("48" + SIGNATURE + "21" + G), ""),
            (spend(witness=[SIGNATURE, G, "51"]), ""),
            (spend(witness=["aa" * 64]), ""),  # taproot shows no key
            (spend(witness=["", SIGNATURE, "5121" + G + "51ae"]), ""),
            (spend(witness=[SIGNATURE, "04" + "11" * 64]), ""),
            (spend("zz"), ""),
            ({"coinbase": "03"}, ""),
            ({"scriptSig": None, "txinwitness": "x"}, ""),
        ],
    )
    def test_the_sender_is_who_shows_a_key(self, chain, reader, spent, sender):
        chain.grow(tx(1, pay(SHOP, 1), inputs=[spent]))

        assert [transfer.sender for transfer in read(reader, 2, 2, SHOP)] == [sender]

    def test_change_that_returns_to_its_address_is_not_a_payment(self, chain, reader):
        inputs = [spend(witness=[SIGNATURE, G]), spend(witness=[SIGNATURE, SHOP_KEY])]
        chain.grow(tx(1, pay(SHOP, 1), pay(TAPROOT_SHOP, 2), inputs=inputs))

        assert [transfer.recipient for transfer in read(reader, 2, 2, SHOP, TAPROOT_SHOP)] == [TAPROOT_SHOP]

    @pytest.mark.parametrize(
        ("code", "asset", "given", "normal"),
        [
            ("litecoin", "LTC", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf", OLD_NESTED_NOW),
            ("dogecoin", "DOGE", "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC", "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC"),
            (
                "bitcoincash",
                "BCH",
                "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
                "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            ),
        ],
    )
    def test_the_relatives_differ_in_their_addresses_alone(self, node, chain, code, asset, given, normal):
        raw = script_of(given, ADDRESS_RULES[code, "mainnet"])
        chain.grow(tx(1, script(raw, Decimal("2.5"))))

        (transfer,) = read(reader_of(node, chain, code), 2, 2, normal)

        assert (transfer.network, transfer.asset, transfer.recipient) == (code, asset, normal)
        assert transfer.units == 250_000_000


class TestMempool:
    def waiting(self, reader, *addresses):
        return list(reader.mempool(watchlist=Watching(*addresses)))

    def put(self, chain, *transactions):
        chain.waiting |= {item["txid"]: item for item in transactions}

    def test_what_waits_is_told_without_a_block(self, chain, reader):
        self.put(chain, tx(1, pay(OTHER, 1)), tx(2, pay(SHOP, 1), pay(SHOP, 2)))

        found = self.waiting(reader, SHOP)

        assert [(transfer.txid, transfer.ordinal, transfer.units, transfer.block) for transfer in found] == [
            (txid_of(2), 0, 10**8, None),
            (txid_of(2), 1, 2 * 10**8, None),
        ]

    def test_a_transaction_is_asked_for_once_however_long_it_waits(self, chain, reader):
        self.put(chain, tx(1, pay(SHOP, 1)), tx(2, pay(OTHER, 1)))
        first = self.waiting(reader, SHOP)
        self.put(chain, tx(3, pay(SHOP, 3)))

        for _ in range(2):
            assert [transfer.txid for transfer in self.waiting(reader, SHOP)] == [first[0].txid, txid_of(3)]
        assert chain.count("getrawtransaction") == 3

    def test_a_replaced_transaction_is_gone_and_the_new_one_there(self, chain, reader):
        self.put(chain, tx(1, pay(SHOP, 1)))
        self.waiting(reader, SHOP)

        chain.waiting.clear()
        self.put(chain, tx(2, pay(OTHER, 1)))
        assert self.waiting(reader, SHOP) == []
        chain.waiting.clear()
        self.put(chain, tx(1, pay(SHOP, 1)))

        assert [transfer.txid for transfer in self.waiting(reader, SHOP)] == [txid_of(1)]

    def test_one_that_leaves_while_it_is_asked_for_does_not_hide_the_others(self, chain, reader):
        self.put(chain, tx(1, pay(SHOP, 1)), tx(3, pay(SHOP, 3)))
        chain.getrawmempool = lambda: [txid_of(1), txid_of(2), txid_of(3)]

        assert [transfer.txid for transfer in self.waiting(reader, SHOP)] == [txid_of(1), txid_of(3)]
        # Not remembered as read: it may have come and gone and come again.
        self.put(chain, tx(2, pay(SHOP, 2)))
        assert {transfer.txid for transfer in self.waiting(reader, SHOP)} == {txid_of(1), txid_of(2), txid_of(3)}

    def test_one_that_is_in_a_block_by_now_is_left_to_the_block(self, chain, reader):
        self.put(chain, tx(1, pay(SHOP, 1), blockhash="11" * 32, confirmations=1))

        assert self.waiting(reader, SHOP) == []

    def test_a_large_mempool_is_read_whole_and_a_failure_half_way_costs_half(self, node, chain, reader):
        self.put(chain, *(tx(number, pay(OTHER, 1)) for number in range(1, 1500)), tx(9000, pay(SHOP, 1)))
        honest, asked = chain.getrawtransaction, []

        def breaks_down(txid, verbose):
            asked.append(txid)
            if len(asked) > 1200:
                return None if len(asked) == 1201 else "nonsense"
            return honest(txid, verbose)

        chain.getrawtransaction = breaks_down
        with pytest.raises(ChainUnavailable):
            self.waiting(reader, SHOP)
        chain.getrawtransaction = honest
        chain.calls.clear()

        assert [transfer.txid for transfer in self.waiting(reader, SHOP)] == [txid_of(9000)]
        assert chain.count("getrawtransaction") == 500

    @pytest.mark.parametrize("listed", [["xyz"], [5], {"txid": 1}, None])
    def test_a_list_of_something_else_is_not_believed(self, chain, reader, listed):
        chain.getrawmempool = lambda: listed

        with pytest.raises(ChainUnavailable):
            reader.mempool(watchlist=Watching(SHOP))

    def test_another_transaction_than_was_asked_for_is_not_believed(self, chain, reader):
        self.put(chain, tx(1, pay(SHOP, 1)))
        chain.getrawtransaction = lambda *_: tx(2, pay(SHOP, 1))

        with pytest.raises(ChainUnavailable, match="another transaction"):
            reader.mempool(watchlist=Watching(SHOP))


class TestLies:
    """A node that is wrong about a block makes the reader stop, never skip."""

    def bend(self, node, chain, change):
        answers = ExactAnswers(chain)
        answers.bend = change
        node.answer = answers

    def test_a_block_without_one_of_its_transactions(self, node, chain, reader):
        chain.grow(tx(1, pay(SHOP, 1)), tx(2, pay(SHOP, 2)))
        self.bend(
            node,
            chain,
            lambda method, _, result: {**result, "tx": result["tx"][:2]} if method == "getblock" else result,
        )

        with pytest.raises(ChainUnavailable, match="transactions of block 2 are not those"):
            read(reader, 2, 2, SHOP)

    def test_a_block_whose_end_is_repeated(self, node, chain, reader):
        chain.grow(tx(1, pay(SHOP, 1)), tx(2, pay(SHOP, 2)))  # three: the last counts twice in the tree
        self.bend(
            node,
            chain,
            lambda method, _, result: (
                {**result, "tx": [*result["tx"], result["tx"][-1]]} if method == "getblock" else result
            ),
        )

        with pytest.raises(ChainUnavailable, match="not those of the block"):
            read(reader, 2, 2, SHOP)

    def test_an_invented_transaction(self, node, chain, reader):
        chain.grow()
        self.bend(
            node,
            chain,
            lambda method, _, result: (
                {**result, "tx": [*result["tx"], tx(666, pay(SHOP, 1))]} if method == "getblock" else result
            ),
        )

        with pytest.raises(ChainUnavailable, match="not those of the block"):
            read(reader, 2, 2, SHOP)

    def test_a_header_of_another_block(self, node, chain, reader):
        chain.grow()
        self.bend(
            node,
            chain,
            lambda method, _, result: chain.blocks[1]["header"] if method == "getblockheader" else result,
        )

        with pytest.raises(ChainUnavailable, match="not the one its hash names"):
            reader.block_at(2)

    def test_blocks_that_do_not_follow_each_other(self, node, chain, reader):
        chain.grow()
        stray = SmallBitcoin([tx(7, pay(OTHER, 1))], [], []).blocks[2]
        chain.blocks[2] = stray

        with pytest.raises(ChainUnavailable, match="block 2 does not follow"):
            read(reader, 1, 2, SHOP)

    @pytest.mark.parametrize(
        ("method", "reply"),
        [
            ("getblockcount", "2"),
            ("getblockcount", -1),
            ("getblockcount", True),
            ("getblockcount", None),
            ("getblockhash", "11"),
            ("getblockhash", None),
            ("getblockheader", "00"),
            ("getblockheader", {"hash": "x"}),
            ("getblockheader", None),
            ("getblock", None),
            ("getblock", "00"),
            ("getblock", {"tx": None}),
            ("getblock", {"tx": ["11" * 32]}),
            ("getblock", {"tx": []}),
            ("getblock", {"tx": [{"txid": "11" * 32}]}),
            ("getblock", {"tx": [{"txid": "x", "vout": []}]}),
            ("getblock", {"tx": [{"txid": "11" * 32, "vout": [{"scriptPubKey": {"hex": "xyz"}}]}]}),
            ("getblock", {"tx": [{"txid": "11" * 32, "vout": [{"scriptPubKey": None}]}]}),
        ],
    )
    def test_anything_of_another_shape(self, node, chain, reader, method, reply):
        reader.block_at()  # the endpoint is known to be on the right chain
        self.bend(node, chain, lambda called, _, result: reply if called == method else result)

        with pytest.raises(ChainUnavailable):
            read(reader, reader.block_at().height, 1, SHOP)

    def test_a_matched_transaction_without_inputs(self, node, chain, reader):
        chain.grow(tx(1, pay(SHOP, 1), vin=None))

        with pytest.raises(ChainUnavailable, match="list of inputs"):
            read(reader, 2, 2, SHOP)


class TestNodes:
    def test_a_node_that_takes_only_booleans_is_asked_its_way_from_then_on(self, chain, reader):
        chain.takes_numbers = False
        chain.grow(tx(1, pay(SHOP, 1)))

        assert len(read(reader, 0, 2, SHOP)) == 1
        asked = [call[2:] for call in chain.calls if call[0] == "getblock"]
        assert asked == [(2,), (True, True), (True, True), (True, True)]

    def test_a_pruned_block_is_unavailable_and_the_reason_is_told(self, chain, reader):
        def pruned(*_):
            raise RpcError("Block not available (pruned data)", -1)

        chain.getblock = pruned

        with pytest.raises(ChainUnavailable, match=r"pruned data"):
            read(reader, 1, 1, SHOP)

    def test_an_error_that_comes_as_http_500_is_a_refusal_and_is_not_asked_again(self, node, chain, reader):
        reader.block_at()

        def as_before_version_28(_path, body):
            error = {"code": -8, "message": "Block height out of range"}
            return 500, json.dumps({"result": None, "error": error, "id": body["id"]}).encode()

        node.answer = as_before_version_28
        before = len(node.requests)
        with pytest.raises(ChainUnavailable, match="refused: Block height out of range"):
            reader.block_at(99)
        assert len(node.requests) == before + 1

    def test_another_chain_is_passed_over_for_the_next_node(self, node, chain):
        chain.grow(tx(1, pay(SHOP, 1)))
        other = SmallBitcoin([tx(5, pay(SHOP, 9))], [], [tx(6, pay(SHOP, 9))])
        stranger = FakeNode(ExactAnswers(other))
        found = replace(network(urls=[stranger.url, node.url]), landmark=Landmark(0, chain.blocks[0]["hash"]))
        try:
            transfers = read(BitcoinReader(found), 2, 2, SHOP)
        finally:
            stranger.stop()

        assert [transfer.txid for transfer in transfers] == [txid_of(1)]
        assert {call[0] for call in other.calls} == {"getblockhash"}

    def test_credentials_go_into_a_header(self, node, chain):
        found = network(urls=[node.url.replace("http://", "http://alice:se%40cret@")])
        reader = BitcoinReader(replace(found, landmark=Landmark(0, chain.blocks[0]["hash"])))

        assert reader.block_at().height == 1
        assert node.headers[-1]["authorization"] == "Basic YWxpY2U6c2VAY3JldA=="
        assert "alice" not in reader.source
