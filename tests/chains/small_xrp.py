"""A small XRP Ledger that speaks the documented JSON-RPC of rippled: validated ledgers, histories, metadata."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from chains.codecs_xrp import write_account

FIRST = 95_000_000
CLOSED = 799_000_000  # seconds since the year 2000
LANDMARK = "4109C6F2045FC7EFF4CDE8F9905D19C28820D86304080FF886B299F0206E42B5"


def account(name: str) -> str:
    return write_account(hashlib.sha256(name.encode()).hexdigest()[:40])


def hash_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest().upper()


SHOP, OTHER_SHOP, PAYER = account("shop"), account("other shop"), account("payer")
USD = {"currency": "USD", "issuer": account("issuer"), "value": "500"}


@dataclass
class Tx:
    """A transaction with its metadata."""

    name: str
    kind: str = "Payment"
    fields: dict[str, Any] = field(default_factory=dict)
    delivered: Any = None
    result: str = "tesSUCCESS"
    nodes: list[dict[str, Any]] = field(default_factory=list)
    sender: str = PAYER
    concerns: tuple[str, ...] = (SHOP, PAYER)

    @property
    def hash(self) -> str:
        return hash_of(self.name)

    def told(self, index: int, position: int) -> dict[str, Any]:
        """Return the transaction as account_tx has it in the first version of the interface."""
        meta: dict[str, Any] = {
            "AffectedNodes": self.nodes,
            "TransactionIndex": position,
            "TransactionResult": self.result,
        }
        if self.delivered is not None:
            meta["delivered_amount"] = self.delivered
        transaction = {
            "Account": self.sender,
            "Fee": "12",
            "Flags": 0,
            "Sequence": 7,
            "TransactionType": self.kind,
            "date": CLOSED,
            "hash": self.hash,
            "inLedger": index,
            "ledger_index": index,
            **self.fields,
        }
        return {"meta": meta, "tx": transaction, "validated": True}


def payment(name: str, drops: Any, *, to: str = SHOP, tag: int | None = None, **options: Any) -> Tx:
    fields: dict[str, Any] = {"Destination": to, "Amount": drops, "DeliverMax": drops}
    if tag is not None:
        fields["DestinationTag"] = tag
    options.setdefault("delivered", drops)
    options.setdefault("concerns", (to, PAYER))
    return Tx(name, fields=fields, **options)


def removed(kind: str, **final: Any) -> dict[str, Any]:
    return {"DeletedNode": {"LedgerEntryType": kind, "LedgerIndex": hash_of(kind), "FinalFields": final}}


def account_root() -> dict[str, Any]:
    final = {"Account": SHOP, "Balance": "20778043", "Sequence": 1}
    return {
        "ModifiedNode": {
            "LedgerEntryType": "AccountRoot",
            "FinalFields": final,
            "PreviousFields": {"Balance": "20768053"},
        }
    }


class SmallXrp:
    """Ledgers from FIRST to ``tip``, with the transactions that were put into them."""

    def __init__(self) -> None:
        self.network_id: Any = 0
        self.began = CLOSED
        self.has_landmark = False
        self.tip = FIRST + 40
        self.oldest = FIRST
        self.ledgers: dict[int, list[Tx]] = {}
        self.page = 200
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.bend: Any = lambda _method, _fields, result: result
        self.second_version = False

    def pay(self, index: int, *transactions: Tx) -> None:
        self.ledgers.setdefault(index, []).extend(transactions)

    def __call__(self, _path: str, body: Any) -> tuple[int, bytes]:
        (fields,) = body["params"]
        assert fields["api_version"] == 1
        self.requests.append((body["method"], fields))
        result = getattr(self, body["method"])(fields)
        if "error" not in result:
            result["status"] = "success"
        return 200, json.dumps({"result": self.bend(body["method"], fields, result)}).encode()

    def server_info(self, _fields: dict[str, Any]) -> dict[str, Any]:
        info = {"build_version": "2.4.0", "complete_ledgers": f"{self.oldest}-{self.tip}", "server_state": "full"}
        return {"info": info if self.network_id is None else {**info, "network_id": self.network_id}}

    def ledger(self, fields: dict[str, Any]) -> dict[str, Any]:
        index = self.tip if fields["ledger_index"] == "validated" else fields["ledger_index"]
        if index == 32570 and self.has_landmark:
            return {"ledger_hash": LANDMARK, "ledger_index": index, "validated": True}
        if not self.oldest <= index <= self.tip:
            return refusal("lgrNotFound", "ledgerNotFound")
        told: dict[str, Any] = {
            "closed": True,
            "close_time": self.began + 4 * (index - FIRST),
            "ledger_hash": hash_of(f"ledger {index}"),
            "ledger_index": str(index),
            "parent_hash": hash_of(f"ledger {index - 1}"),
            "total_coins": "99986000000000000",
        }
        if fields.get("transactions"):
            assert fields["expand"] is False
            told["transactions"] = sorted(tx.hash for tx in self.ledgers.get(index, []))
        return {"ledger": told, "ledger_hash": told["ledger_hash"], "ledger_index": index, "validated": True}

    def account_tx(self, fields: dict[str, Any]) -> dict[str, Any]:
        assert (fields["binary"], fields["forward"]) == (False, True)
        first, last = max(fields["ledger_index_min"], self.oldest), min(fields["ledger_index_max"], self.tip)
        found = [
            self.versioned(tx.told(index, position))
            for index in range(first, last + 1)
            for position, tx in enumerate(self.ledgers.get(index, []))
            if fields["account"] in tx.concerns
        ]
        start = fields.get("marker", {"ledger": 0, "seq": 0})["seq"]
        size = min(self.page, fields["limit"])
        result: dict[str, Any] = {
            "account": fields["account"],
            "ledger_index_min": first,
            "ledger_index_max": last,
            "limit": size,
            "transactions": found[start : start + size],
            "validated": True,
        }
        if start + size < len(found):
            result["marker"] = {"ledger": first, "seq": start + size}
        return result

    def tx(self, fields: dict[str, Any]) -> dict[str, Any]:
        for index, transactions in self.ledgers.items():
            for position, tx in enumerate(transactions):
                if tx.hash == fields["transaction"]:
                    told = tx.told(index, position)
                    return {**told["tx"], "meta": told["meta"], "validated": True}
        return refusal("txnNotFound", "Transaction not found.")

    def versioned(self, told: dict[str, Any]) -> dict[str, Any]:
        if not self.second_version:
            return told
        transaction = dict(told["tx"])
        moved = {name: transaction.pop(name) for name in ("hash", "ledger_index")}
        transaction.pop("Amount", None)
        return {"meta": told["meta"], "tx_json": transaction, "validated": True, **moved}


def refusal(name: str, message: str) -> dict[str, Any]:
    return {"error": name, "error_code": 21, "error_message": message, "status": "error", "request": {}}
