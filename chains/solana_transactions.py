"""What a Solana transaction brought to whom, from the balances before and after it.

Instructions are not read: programs call each other, and only the balances tell what came of it. So each
transaction has at most one transfer of an asset to an owner: the sum of all it brought.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chains.base import Asset, Block, ChainUnavailable, Transfer
from chains.codecs_solana import TOKEN_PROGRAMS, parse_key
from chains.replies import amount, fields_of, items_of, whole

Changes = Mapping[str, int]  # owner -> base units more or less than before


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a successful transaction did: by asset, what each owner has more or less than before."""

    signature: str
    slot: int
    keys: Sequence[str]  # all accounts the transaction names
    changes: Mapping[Asset, Changes]
    fee: int

    def paid(self, owners: Collection[str]) -> bool:
        """Return whether one of ``owners`` has more than before."""
        return any(units > 0 and owner in owners for each in self.changes.values() for owner, units in each.items())

    def transfers(self, owners: Collection[str], issued: Collection[str], block: Block) -> Iterator[Transfer]:
        """Yield what it brought to ``owners``. With two issued references nobody can tell which is meant."""
        references = {key for key in self.keys if key in issued}
        tag = references.pop() if len(references) == 1 else ""
        for asset, changes in self.changes.items():
            for owner, units in changes.items():
                if units <= 0 or owner not in owners:
                    continue
                yield Transfer(
                    network=asset.network,
                    asset=asset.code,
                    txid=self.signature,
                    ordinal=0,
                    sender=_payer(changes),
                    recipient=owner,
                    units=units,
                    block=block,
                    tag=tag,
                    fee_units=self.fee,
                )


@dataclass(frozen=True, slots=True)
class _TokenBalance:
    """What a token account holds at one moment."""

    account: str
    owner: str
    mint: str
    units: int
    decimals: int


def read_key(value: object, what: str) -> str:
    """Return 32 bytes in Base58 as they are written."""
    if not isinstance(value, str) or parse_key(value) is None:
        raise ChainUnavailable(f"the node's {what} is not 32 bytes in Base58")
    return value


def read_transaction(
    reply: object, *, signature: str, slot: int, coin: Asset, tokens: Mapping[str, Asset]
) -> Receipt | None:
    """
    Return what the transaction did, or None when it failed. ``tokens`` are assets by their mint.

    :raises ChainUnavailable: when the reply is not about this transaction in this slot, or is not well-formed
    """
    fields = fields_of(reply, "transaction")
    transaction = fields_of(fields.get("transaction"), "transaction")
    if signature != next(iter(items_of(transaction.get("signatures"), "signatures")), None):
        raise ChainUnavailable("the node answered with another transaction than was asked for")
    if fields.get("slot") != slot:
        raise ChainUnavailable("the node told of one transaction in two slots")
    meta = fields_of(fields.get("meta"), "transaction result")
    if "err" not in meta:
        raise ChainUnavailable("the node does not tell whether a transaction succeeded")
    if meta["err"] is not None:
        return None
    keys = _keys(transaction, meta)
    before = _token_balances(meta.get("preTokenBalances"), keys)
    after = _token_balances(meta.get("postTokenBalances"), keys)
    changes: dict[Asset, Changes] = {coin: _coin_changes(meta, keys, [*before, *after])}
    for mint, asset in tokens.items():
        changes[asset] = _token_changes(before, after, mint, asset)
    return Receipt(signature, slot, keys, changes, whole(meta.get("fee"), "fee"))


def _keys(transaction: dict[str, Any], meta: dict[str, Any]) -> list[str]:
    """Return the accounts in the order in which balances are listed: those looked up in tables come last."""
    message = fields_of(transaction.get("message"), "message")
    loaded = fields_of(meta.get("loadedAddresses") or {}, "loaded addresses")
    found = [
        *items_of(message.get("accountKeys"), "accounts"),
        *items_of(loaded.get("writable", []), "loaded addresses"),
        *items_of(loaded.get("readonly", []), "loaded addresses"),
    ]
    return [read_key(key, "account") for key in found]


def _coin_changes(meta: dict[str, Any], keys: Sequence[str], tokens: Sequence[_TokenBalance]) -> Changes:
    """
    Return what each account has more or less of SOL.

    The fee, which the first account pays, is the price of the transaction and not moved by it. What an owner gets
    back by closing token accounts is no payment: what those lose is counted with it.
    """
    before, after = (_balances(meta.get(name)) for name in ("preBalances", "postBalances"))
    if not len(before) == len(after) == len(keys) or not keys:
        raise ChainUnavailable("the node's balances are not those of the accounts")
    fee = whole(meta.get("fee"), "fee")
    if sum(after) + fee > sum(before):  # no transaction makes SOL; programs may burn some
        raise ChainUnavailable("the node's balances do not add up")
    changes = Counter({key: new - old for key, old, new in zip(keys, before, after, strict=True)})
    changes[keys[0]] += fee
    for account, owner in {(token.account, token.owner) for token in tokens}:
        if changes[account] < 0 < changes[owner]:
            changes[owner] += changes[account]
    return changes


def _balances(value: object) -> list[int]:
    return [whole(balance, "balance") for balance in items_of(value, "balances")]


def _token_changes(before: Sequence[_TokenBalance], after: Sequence[_TokenBalance], mint: str, asset: Asset) -> Changes:
    changes: Counter[str] = Counter()
    for balances, sign in ((before, -1), (after, 1)):
        for balance in balances:
            if balance.mint != mint:
                continue
            if balance.decimals != asset.decimals:
                raise ChainUnavailable(f"the node's {asset.code} has {balance.decimals} decimals")
            changes[balance.owner] += sign * balance.units
    return changes


def _token_balances(value: object, keys: Sequence[str]) -> list[_TokenBalance]:
    balances = []
    for item in items_of(value or [], "token balances"):
        fields = fields_of(item, "token balance")
        index = whole(fields.get("accountIndex"), "account index", most=len(keys) - 1)
        # Until 2021 nodes recorded neither; who owned an account then cannot be known from here.
        if "owner" not in fields or fields.get("programId", TOKEN_PROGRAMS[0]) not in TOKEN_PROGRAMS:
            continue
        held = fields_of(fields.get("uiTokenAmount"), "token amount")
        balances.append(
            _TokenBalance(
                account=keys[index],
                owner=read_key(fields["owner"], "owner"),
                mint=read_key(fields.get("mint"), "mint"),
                units=amount(held.get("amount"), "token amount"),
                decimals=whole(held.get("decimals"), "decimals", most=255),
            )
        )
    return balances


def _payer(changes: Changes) -> str:
    """Return who has lost most; nobody when the tokens were made just now."""
    owner = min(changes, key=lambda each: changes[each])
    return owner if changes[owner] < 0 else ""
