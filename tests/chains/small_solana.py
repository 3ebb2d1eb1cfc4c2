"""A small Solana that speaks the documented JSON-RPC: slots with and without blocks, balances, token accounts."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from chains.codecs import base58_encode
from chains.codecs_solana import TOKEN_PROGRAM, token_account
from tests.chains.fake_node import RpcError

GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
FIRST_SLOT = 1000
TIME = 1_750_000_000


def key(name: str) -> str:
    """Return 32 bytes that nobody else has."""
    return base58_encode(hashlib.sha256(name.encode()).digest())


def signature(name: str) -> str:
    return base58_encode(hashlib.sha512(name.encode()).digest())


SHOP, OTHER_SHOP = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin", "82ZJ7nbGpixjeDCmEhUcmwXYfvurzAgGdtSMuHnUgyny"
PAYER = key("payer")


@dataclass
class Tx:
    """A transaction: what each account gains or loses, and the token balances before and after."""

    name: str
    coins: dict[str, int] = field(default_factory=dict)  # account -> lamports more or less
    tokens: list[tuple[str, str, str, int, int]] = field(default_factory=list)  # account, owner, mint, before, after
    references: tuple[str, ...] = ()
    err: Any = None
    fee: int = 5000
    program: str = TOKEN_PROGRAM
    decimals: int = 6
    looked_up: tuple[str, ...] = ()  # accounts that come from an address lookup table

    @property
    def signature(self) -> str:
        return signature(self.name)

    @property
    def keys(self) -> list[str]:
        named = [PAYER, *self.coins, *(entry[0] for entry in self.tokens), *self.references]
        static = [each for each in dict.fromkeys(named) if each not in self.looked_up]
        return [*static, *self.looked_up]

    def touches(self, account: str) -> bool:
        return account in self.keys

    def told(self, slot: int) -> dict[str, Any]:
        """Return the transaction as getTransaction has it with the encoding "json"."""
        keys = self.keys
        static = len(keys) - len(self.looked_up)
        before = [10**12] * len(keys)
        after = [10**12 + self.coins.get(each, 0) - (self.fee if each == PAYER else 0) for each in keys]
        return {
            "slot": slot,
            "blockTime": TIME + slot,  # nobody reads it here
            "version": 0 if self.looked_up else "legacy",
            "transaction": {
                "signatures": [self.signature],
                "message": {
                    "accountKeys": keys[:static],
                    "header": {"numRequiredSignatures": 1},
                    "instructions": [],
                    "recentBlockhash": key("recent"),
                },
            },
            "meta": {
                "err": self.err,
                "fee": self.fee,
                "preBalances": before,
                "postBalances": after,
                "preTokenBalances": [self.balance(keys, entry, entry[3]) for entry in self.tokens],
                "postTokenBalances": [self.balance(keys, entry, entry[4]) for entry in self.tokens],
                "loadedAddresses": {"writable": keys[static : static + 1], "readonly": keys[static + 1 :]},
                "innerInstructions": [],
                "logMessages": [],
                "computeUnitsConsumed": 150,
            },
        }

    def balance(self, keys: list[str], entry: tuple[str, str, str, int, int], units: int) -> dict[str, Any]:
        account, owner, mint = entry[:3]
        return {
            "accountIndex": keys.index(account),
            "mint": mint,
            "owner": owner,
            "programId": self.program,
            "uiTokenAmount": {
                "amount": str(units),
                "decimals": self.decimals,
                "uiAmount": units / 10**self.decimals,
                "uiAmountString": str(units),
            },
        }


def sol(name: str, units: int, to: str = SHOP, **options: Any) -> Tx:
    return Tx(name, {PAYER: -units, to: units}, **options)


def usdc(name: str, units: int, to: str = SHOP, mint: str = USDC, **options: Any) -> Tx:
    source, target = token_account(PAYER, mint, TOKEN_PROGRAM), token_account(to, mint, TOKEN_PROGRAM)
    moved = [(source, PAYER, mint, 10**12, 10**12 - units), (target, to, mint, 7, 7 + units)]
    return Tx(name, tokens=moved, **options)


class SmallSolana:
    """Slots from FIRST_SLOT to ``tip``; those in ``skipped`` have no block. Forks change the hashes above a slot."""

    def __init__(self) -> None:
        self.genesis = GENESIS
        self.began = TIME  # seconds since 1970 before slot 0
        self.tip = FIRST_SLOT + 50
        self.finalized = FIRST_SLOT + 18
        self.skipped: set[int] = set()
        self.blocks: dict[int, list[Tx]] = {}
        self.branch: dict[int, str] = {}  # slot -> name of the fork that made it
        self.first_available = 0
        self.page = 1000
        self.calls: list[str] = []

    def pay(self, slot: int, *transactions: Tx) -> None:
        self.blocks.setdefault(slot, []).extend(transactions)

    def fork(self, slot: int) -> None:
        """Replace the blocks from ``slot`` on by empty ones."""
        for each in range(slot, self.tip + 1):
            self.branch[each] = "fork"
            self.blocks.pop(each, None)

    def hash(self, slot: int) -> str:
        return key(f"block {slot} {self.branch.get(slot, '')}")

    def __call__(self, method: str, params: list[Any]) -> Any:
        self.calls.append(method)
        return getattr(self, method)(*params)

    def getGenesisHash(self) -> str:  # noqa: N802 - the protocol's name, as those below
        return self.genesis

    def getFirstAvailableBlock(self) -> int:  # noqa: N802
        return self.first_available

    def getSlot(self, config: dict[str, Any]) -> int:  # noqa: N802
        return self.finalized if config["commitment"] == "finalized" else self.tip

    def getBlocksWithLimit(self, slot: int, limit: int, config: dict[str, Any]) -> list[int]:  # noqa: N802
        assert config["commitment"] == "confirmed"
        return [each for each in range(slot, self.tip + 1) if each not in self.skipped][:limit]

    def getBlock(self, slot: int, config: dict[str, Any]) -> Any:  # noqa: N802
        assert config["maxSupportedTransactionVersion"] == 0
        assert config["rewards"] is False
        if slot in self.skipped:
            raise RpcError(f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot", -32007)
        if slot > self.tip:
            raise RpcError(f"Block not available for slot {slot}", -32004)
        parent = next(each for each in range(slot - 1, -1, -1) if each not in self.skipped)
        told = {
            "blockhash": self.hash(slot),
            "previousBlockhash": self.hash(parent),
            "parentSlot": parent,
            "blockHeight": slot - 17,
            "blockTime": self.began + slot,
        }
        if config["transactionDetails"] == "signatures":
            told["signatures"] = [signature(f"vote {slot}"), *(tx.signature for tx in self.blocks.get(slot, []))]
        return told

    def getSignaturesForAddress(self, account: str, config: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        if config["minContextSlot"] > self.tip:
            raise RpcError("Minimum context slot has not been reached", -32016)
        found = [
            {
                "signature": tx.signature,
                "slot": slot,
                "err": tx.err,
                "memo": None,
                "blockTime": TIME + slot,
                "confirmationStatus": "finalized" if slot <= self.finalized else "confirmed",
            }
            for slot in sorted(self.blocks, reverse=True)
            for tx in reversed(self.blocks[slot])
            if tx.touches(account)
        ]
        names = [each["signature"] for each in found]
        if "before" in config and config["before"] not in names:
            return []  # as nodes do
        start = names.index(config["before"]) + 1 if "before" in config else 0
        return found[start : start + min(self.page, config["limit"])]

    def getTransaction(self, name: str, config: dict[str, Any]) -> Any:  # noqa: N802
        assert config == {"encoding": "json", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        for slot, transactions in self.blocks.items():
            for tx in transactions:
                if tx.signature == name:
                    return tx.told(slot)
        return None

    def getSignatureStatuses(self, names: list[str], config: dict[str, Any]) -> Any:  # noqa: N802
        assert config == {"searchTransactionHistory": True}
        return {"context": {"slot": self.tip}, "value": [self.status(name) for name in names]}

    def status(self, name: str) -> Any:
        for slot, transactions in self.blocks.items():
            for tx in transactions:
                if tx.signature == name:
                    status = "finalized" if slot <= self.finalized else "confirmed"
                    return {"slot": slot, "confirmations": None, "err": tx.err, "confirmationStatus": status}
        return None
