"""A small TRON that speaks the documented HTTP protocol of java-tron, and keeps its rules for what enters a block.

Transactions are read with TRON's own protobuf schema and their signers recovered, as a node does it: nothing
here comes from the code under test. Several nodes may tell of one chain, each with its own faults.
"""

import hashlib
import itertools
import json
import threading
import time
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tronpy.keys import Signature, to_hex_address
from tronpy.proto import tron_pb2

from chains.catalogue import NETWORKS
from tests.chains.fake_node import TRANSFER, FakeNode, RpcAnswers, topic

CHAIN_ID = NETWORKS["tron"].sides["mainnet"].chain_id
GENESIS = "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc"
TOKEN = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"  # USDT on TRON
PAYER = "41f7691c8bb4e3ac64b1c33dd01e1b1f3a1b4d4a10"
START = 70_000_000
APART = 100_000  # blocks between the starts of two chains: one database may have seen both
BLOCK_MILLISECONDS = 3000
HISTORY = 800  # blocks that are there from the start: a first scan begins before the oldest invoice, maybe minutes old
BEHIND = 18  # blocks between the tip and the last solid one
DAY = 24 * 3600 * 1000
FREE_BYTES = 600
RESULT_BYTES = 64
NEW_ACCOUNT, NEW_ACCOUNT_BYTES = 1_000_000, 100_000
ENERGY_TO_HOLDER, ENERGY_TO_NEW = 64_285, 130_285

_CHAINS = itertools.count()


def hex_of(address: str) -> str:
    """Return an address, in either form, as nodes write it."""
    return str(to_hex_address(address))


@dataclass
class Account:
    sun: int = 0
    used_bytes: int = 0
    energy: int = 0  # staked
    kind: str = "Normal"


@dataclass
class State:
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Sent:
    """A transaction as the chain has it."""

    txid: str
    kind: str
    value: dict[str, Any]
    size: int = 300
    expiration: int = 2**62
    fee_limit: int = 2**62
    is_ours: bool = True  # not one that the test makes without a signature
    result: str = "SUCCESS"

    def told(self) -> dict[str, Any]:
        contract = {"parameter": {"value": self.value}, "type": self.kind}
        return {"ret": [{"contractRet": self.result}], "txID": self.txid, "raw_data": {"contract": [contract]}}


@dataclass
class Block:
    height: int
    id: str
    parent: str
    time: int
    sent: list[Sent]
    logs: list[dict[str, Any]]
    before: State

    def header(self) -> dict[str, Any]:
        raw = {"number": self.height, "parentHash": self.parent, "timestamp": self.time}
        return {"blockID": self.id, "block_header": {"raw_data": raw}}


class Declined(Exception):
    """Why a transaction is not taken: the name of a response code."""


class SmallTron:
    """A chain; ``pending`` waits for the next block, ``dropped`` is what nodes said to have and lost."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.energy_price, self.byte_price = 100, 1000
        self.state = State()
        self.blocks: list[Block] = []
        self.pending: dict[str, Sent] = {}
        self.history: list[str] = []  # the id of every signed transaction that was ever carried out
        self.refuses_quietly = False  # the token says yes and moves nothing
        self.mines_at_once = False  # whatever is broadcast
        self._count = 0
        self.start = START + APART * next(_CHAINS)
        start = int(time.time()) * 1000 // BLOCK_MILLISECONDS * BLOCK_MILLISECONDS
        self._next_time = start - HISTORY * BLOCK_MILLISECONDS
        self.credit(PAYER, 10**12)
        self.state.tokens[PAYER] = 10**15
        self.mine(HISTORY)

    @property
    def tip(self) -> Block:
        return self.blocks[-1]

    @property
    def solid(self) -> Block:
        return self.blocks[max(0, len(self.blocks) - 1 - BEHIND)]

    def block(self, height: int) -> Block | None:
        place = height - self.start
        return self.blocks[place] if 0 <= place < len(self.blocks) else None

    def credit(self, address: str, sun: int) -> None:
        """Give TRX to an address, out of nowhere."""
        self.state.accounts.setdefault(hex_of(address), Account()).sun += sun

    def sun(self, address: str) -> int:
        account = self.state.accounts.get(hex_of(address))
        return account.sun if account else 0

    def held(self, address: str) -> int:
        """Return how much of the token an address has."""
        return self.state.tokens.get(hex_of(address), 0)

    def pay(self, address: str, *, token: int = 0, sun: int = 0) -> None:
        """Have a customer pay an address in the next block."""
        self._count += 1
        txid = hashlib.sha256(f"paid {self.start} {self._count}".encode()).hexdigest()
        owner, target = PAYER, hex_of(address)
        if token:
            call = "a9059cbb" + target[2:].rjust(64, "0") + f"{token:064x}"
            value = {"owner_address": owner, "contract_address": TOKEN, "data": call}
            sent = Sent(txid, "TriggerSmartContract", value, is_ours=False)
        else:
            value = {"owner_address": owner, "to_address": target, "amount": sun}
            sent = Sent(txid, "TransferContract", value, is_ours=False)
        self.pending[txid] = sent

    def mine(self, count: int = 1) -> None:
        with self.lock:
            for _ in range(count):
                self._mine()

    def pass_time(self, minutes: int) -> None:
        """Have blocks come for so long: a few, far between."""
        with self.lock:
            self._next_time += minutes * 60_000
            self._mine()
            self.mine(BEHIND + 1)

    def rewind(self, count: int) -> None:
        """Replace the last blocks by empty ones; what they held is lost."""
        with self.lock:
            self.state = self.blocks[-count].before
            del self.blocks[-count:]
            self._next_time -= count * BLOCK_MILLISECONDS
            self._count += 1
            self.mine(count)

    def receive(self, raw: str) -> str:
        """Check a transaction as a node does and have it wait for a block; return its id."""
        with self.lock:
            sent = self._check(raw)
            if sent.txid in self.pending or sent.txid in self.state.infos:
                raise Declined("DUP_TRANSACTION_ERROR")
            self.pending[sent.txid] = sent
            if self.mines_at_once:
                self._mine()
            return sent.txid

    def energy_for(self, target: str) -> int:
        return ENERGY_TO_HOLDER if self.state.tokens.get(target) else ENERGY_TO_NEW

    def _check(self, raw: str) -> Sent:
        message = tron_pb2.Transaction()
        message.ParseFromString(bytes.fromhex(raw))
        unsigned = message.raw_data.SerializeToString()
        digest = hashlib.sha256(unsigned).digest()
        contract = message.raw_data.contract[0]
        kind = tron_pb2.Transaction.Contract.ContractType.Name(contract.type)
        assert contract.parameter.type_url == f"type.googleapis.com/protocol.{kind}"
        parameters = getattr(tron_pb2, kind)()
        parameters.ParseFromString(contract.parameter.value)
        value = {"owner_address": parameters.owner_address.hex()}
        if kind == "TransferContract":
            value |= {"to_address": parameters.to_address.hex(), "amount": parameters.amount}
        else:
            value |= {"contract_address": parameters.contract_address.hex(), "data": parameters.data.hex()}
        signer = Signature(message.signature[0]).recover_public_key_from_msg_hash(digest)
        if signer.to_hex_address() != value["owner_address"]:
            raise Declined("SIGERROR")
        sent = Sent(
            txid=digest.hex(),
            kind=kind,
            value=value,
            size=len(bytes.fromhex(raw)) + RESULT_BYTES,
            expiration=message.raw_data.expiration,
            fee_limit=message.raw_data.fee_limit,
        )
        named = (message.raw_data.ref_block_bytes.hex(), message.raw_data.ref_block_hash.hex())
        if named not in {(block.id[12:16], block.id[16:32]) for block in self.blocks}:
            raise Declined("TAPOS_ERROR")
        if not self.tip.time < sent.expiration <= self.tip.time + DAY:
            raise Declined("TRANSACTION_EXPIRATION_ERROR")
        self._check_means(sent)
        return sent

    def _check_means(self, sent: Sent) -> None:
        owner = self.state.accounts.get(sent.value["owner_address"])
        if owner is None or owner.sun < sent.value.get("amount", 0):
            raise Declined("CONTRACT_VALIDATE_ERROR")
        if owner.sun < sent.value.get("amount", 0) + self._taken(sent):
            raise Declined("BANDWITH_ERROR")

    def _taken(self, sent: Sent) -> int:
        """Return what a transaction pays beside its energy."""
        if sent.kind == "TransferContract" and sent.value["to_address"] not in self.state.accounts:
            return NEW_ACCOUNT + NEW_ACCOUNT_BYTES
        owner = self.state.accounts[sent.value["owner_address"]]
        return 0 if owner.used_bytes + sent.size <= FREE_BYTES else sent.size * self.byte_price

    def _mine(self) -> None:
        height, before = self.start + len(self.blocks), deepcopy(self.state)
        parent = self.tip.id if self.blocks else f"{self.start - 1:016x}" + "0" * 48
        waiting, self.pending = list(self.pending.values()), {}
        moment = self._next_time
        self._next_time += BLOCK_MILLISECONDS
        body = f"{parent} {moment} {self._count} {[sent.txid for sent in waiting]}"
        block_id = f"{height:016x}" + hashlib.sha256(body.encode()).hexdigest()[:48]
        block = Block(height, block_id, parent, moment, [], [], before)
        head_time = self.tip.time if self.blocks else 0
        for sent in waiting:
            if sent.expiration > head_time:
                self._carry_out(sent, block)
        self.blocks.append(block)

    def _carry_out(self, sent: Sent, block: Block) -> None:
        owner = self.state.accounts[sent.value["owner_address"]]
        fee = self._taken(sent) if sent.is_ours else 0
        if sent.is_ours and not fee:
            owner.used_bytes += sent.size
        info = {"id": sent.txid, "blockNumber": block.height, "blockTimeStamp": block.time, "contractResult": [""]}
        if sent.kind == "TransferContract":
            target = self.state.accounts.setdefault(sent.value["to_address"], Account())
            owner.sun -= sent.value["amount"]
            target.sun += sent.value["amount"]
            info["receipt"] = {"net_fee": fee}
        else:
            fee += self._call(sent, block, info)
        owner.sun -= fee if sent.is_ours else 0
        self.state.infos[sent.txid] = info | ({"fee": fee} if fee else {})
        block.sent.append(sent)
        if sent.is_ours:
            self.history.append(sent.txid)

    def _call(self, sent: Sent, block: Block, info: dict[str, Any]) -> int:
        """Carry out a call of the token; return what its energy costs."""
        source, call = sent.value["owner_address"], sent.value["data"]
        target, units = "41" + call[32:72], int(call[72:], 16)
        owner = self.state.accounts[source]
        energy = self.energy_for(target) if sent.is_ours else 0
        affordable = min(sent.fee_limit // self.energy_price, owner.energy + owner.sun // self.energy_price)
        burnt = max(0, min(energy, affordable) - owner.energy) * self.energy_price
        if energy > affordable or self.state.tokens.get(source, 0) < units:
            sent.result = "OUT_OF_ENERGY" if energy > affordable else "REVERT"
            info |= {"result": "FAILED", "receipt": {"result": sent.result, "energy_fee": burnt}}
            return burnt
        info["receipt"] = {"result": "SUCCESS", "energy_usage_total": energy, "energy_fee": burnt}
        if not self.refuses_quietly or not sent.is_ours:
            self.state.tokens[source] -= units
            self.state.tokens[target] = self.state.tokens.get(target, 0) + units
            entry = {"address": TOKEN[2:], "topics": [TRANSFER[2:], topic(source[2:])[2:], topic(target[2:])[2:]]}
            entry["data"] = f"{units:064x}"
            info["log"] = [entry]
            block.logs.append(self._log(entry, sent, block))
        return burnt

    def _log(self, entry: dict[str, Any], sent: Sent, block: Block) -> dict[str, Any]:
        return {
            "logIndex": hex(len(block.logs)),
            "transactionIndex": hex(len(block.sent)),
            "transactionHash": "0x" + sent.txid,
            "blockHash": "0x" + block.id,
            "blockNumber": hex(block.height),
            "address": "0x" + entry["address"],
            "data": "0x" + entry["data"],
            "topics": ["0x" + each for each in entry["topics"]],
            "removed": False,
        }


class TronNode(FakeNode):
    """
    One node of a chain, and what it does to a broadcast (``mood``).

    * ``""``: takes it;
    * ``"denies"``: takes it and answers with an error;
    * ``"hangs up"``: takes it and closes the connection without a word;
    * ``"misnames"``: takes it and answers with the id of another transaction;
    * ``"drops"``: says that it took it, and did not;
    * ``"holds"``: knows it, says so whenever it comes again, and brings it into no block;
    * ``"refuses"``: takes nothing and answers with an error.

    ``lies`` maps a path to what makes the answer of the asked body and the honest answer; ``sent`` holds every
    transaction that was broadcast.
    """

    def __init__(self, chain: SmallTron) -> None:
        self.chain = chain
        self.mood = ""
        self.lies: dict[str, Any] = {}
        self.sent: list[str] = []
        self._held: set[str] = set()
        self._rpc = RpcAnswers(self._methods)
        super().__init__(self._answer)

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        if path.endswith("/jsonrpc"):
            return self._rpc(path, body)
        with self.chain.lock:
            side, _, name = path.strip("/").partition("/")
            answer = getattr(self, f"_{name}")(body, side == "walletsolidity")
        if path in self.lies:
            answer = self.lies[path](body, answer)
        return 200, b"" if answer is None else json.dumps(answer).encode()

    def _reply(self, handler: BaseHTTPRequestHandler, status: int, reply: bytes) -> None:
        if reply:
            super()._reply(handler, status, reply)
        else:
            handler.close_connection = True

    def _getblock(self, body: dict[str, Any], is_solid: bool) -> dict[str, Any]:
        newest = self.chain.solid if is_solid else self.chain.tip
        height = int(body.get("id_or_num", newest.height))
        if height == 0:
            return {"blockID": GENESIS, "block_header": {"raw_data": {"parentHash": "e58f33f9" + "0" * 56}}}
        block = self.chain.block(height) if height <= newest.height else None
        return block.header() if block else {}

    def _getblockbynum(self, body: dict[str, Any], _: bool) -> dict[str, Any]:
        block = self.chain.block(body["num"])
        if block is None:
            return {}
        return block.header() | ({"transactions": [sent.told() for sent in block.sent]} if block.sent else {})

    def _gettransactioninfobyid(self, body: dict[str, Any], is_solid: bool) -> dict[str, Any]:
        info = self.chain.state.infos.get(body["value"], {})
        return {} if is_solid and info.get("blockNumber", 0) > self.chain.solid.height else info

    def _getaccount(self, body: dict[str, Any], _: bool) -> dict[str, Any]:
        account = self.chain.state.accounts.get(body["address"])
        if account is None:
            return {}
        kind = {} if account.kind == "Normal" else {"type": account.kind}
        return {"address": body["address"]} | kind | ({"balance": account.sun} if account.sun else {})

    def _getaccountresource(self, body: dict[str, Any], _: bool) -> dict[str, Any]:
        account = self.chain.state.accounts.get(body["address"])
        if account is None:
            return {}
        used = {"freeNetUsed": account.used_bytes} if account.used_bytes else {}
        return {"freeNetLimit": FREE_BYTES, **used, **({"EnergyLimit": account.energy} if account.energy else {})}

    def _getchainparameters(self, _: dict[str, Any], __: bool) -> dict[str, Any]:
        values = {
            "getMaintenanceTimeInterval": 21_600_000,
            "getCreateAccountFee": NEW_ACCOUNT_BYTES,
            "getTransactionFee": self.chain.byte_price,
            "getCreateNewAccountFeeInSystemContract": NEW_ACCOUNT,
            "getEnergyFee": self.chain.energy_price,
        }
        named = [{"key": key, "value": value} for key, value in values.items()]
        return {"chainParameter": [{"key": "getAllowUpdateAccountName"}, *named]}

    def _triggerconstantcontract(self, body: dict[str, Any], _: bool) -> dict[str, Any]:
        assert body["contract_address"] == TOKEN
        owner, call = body["owner_address"], body["data"]
        if call.startswith("70a08231"):
            held = self.chain.state.tokens.get("41" + call[-40:], 0)
            return self._called(935, f"{held:064x}")
        target, units = "41" + call[32:72], int(call[72:], 16)
        if self.chain.state.tokens.get(owner, 0) < units:
            failed = {"result": {"result": True, "message": "REVERT opcode executed"}, "energy_used": 3000}
            return failed | {"constant_result": [""], "transaction": {"ret": [{"ret": "FAILED"}]}}
        return self._called(self.chain.energy_for(target), f"{1:064x}")

    def _called(self, energy: int, result: str) -> dict[str, Any]:
        answer = {"result": {"result": True}, "energy_used": energy, "constant_result": [result]}
        return answer | {"transaction": {"ret": [{}], "raw_data": {}}}

    def _broadcasthex(self, body: dict[str, Any], _: bool) -> dict[str, Any] | None:
        raw = body["transaction"]
        self.sent.append(raw)
        message = tron_pb2.Transaction.FromString(bytes.fromhex(raw))
        txid = hashlib.sha256(message.raw_data.SerializeToString()).hexdigest()
        code = self._take(raw, txid)
        if self.mood == "hangs up":
            return None
        if self.mood in {"denies", "refuses"}:
            code = "SERVER_BUSY"
        shown = "ab" * 32 if self.mood == "misnames" else txid
        return {"result": code == "SUCCESS", "code": code, "message": "", "transaction": "{}", "txid": shown}

    def _take(self, raw: str, txid: str) -> str:
        if self.mood in {"refuses", "drops"}:
            return "SUCCESS"
        if self.mood == "holds":
            is_new = txid not in self._held
            self._held.add(txid)
            return "SUCCESS" if is_new else "DUP_TRANSACTION_ERROR"
        try:
            self.chain.receive(raw)
        except Declined as why:
            return str(why)
        return "SUCCESS"

    def _methods(self, method: str, params: list[Any]) -> object:
        if method == "eth_chainId":
            return hex(CHAIN_ID)
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        with self.chain.lock:
            blocks = [self.chain.block(height) for height in range(first, last + 1)]
        return [log for block in blocks if block for log in block.logs]
