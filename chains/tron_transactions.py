"""Builds and signs TRON's transactions byte by byte; nothing here talks to a node.

A transaction is a protobuf message (java-tron, protocol/core/Tron.proto). It names a block not more than
65,536 blocks back ("TAPOS"), without which it is good on no chain, and a time at which it expires. Its id is
the SHA-256 of its unsigned part.
"""

import hashlib
from typing import Final

from chains.codecs import TRON_PREFIX, parse_tron_address
from chains.signing import Order, Signed

# What a node counts as the size of a transaction is this much more than its bytes: room for its result.
_RESULT_BYTES: Final = 64
_TRANSFER: Final = "a9059cbb"  # selector of transfer(address,uint256)
_TYPES: Final = "type.googleapis.com/protocol."
_TRANSFER_CONTRACT: Final = (1, "TransferContract")
_TRIGGER_SMART_CONTRACT: Final = (31, "TriggerSmartContract")
_SIGNATURE_BYTES: Final = 65
_LONGEST: Final = 2**63 - 1  # of a number in protobuf


def unsigned(order: Order, *, made_at: int, expires_at: int, fee_limit: int, anchor: str) -> bytes:
    """
    Return the part of a transaction that is signed.

    ``made_at``, ``expires_at``: milliseconds since 1970. ``fee_limit``: the most that a token's contract may use up, in
    millionths of a TRX. ``anchor``: the id of the block that the transaction names.
    """
    fields = [
        _bytes(1, bytes.fromhex(anchor[12:16])),  # the end of its height, with which its id begins
        _bytes(4, bytes.fromhex(anchor[16:32])),
        _number(8, expires_at),
        _bytes(11, _contract(order)),
        _number(14, made_at),
    ]
    return b"".join([*fields, _number(18, fee_limit)] if order.asset.contract else fields)


def txid_of(raw: bytes) -> str:
    """Return the id of the transaction whose unsigned part is ``raw``."""
    return hashlib.sha256(raw).hexdigest()


def sign(raw: bytes, *, sender: str, private_key: bytes) -> Signed:
    """
    Return the transaction whose unsigned part is ``raw``, signed.

    :raises ValueError: when the key is not that of ``sender``
    """
    from tronpy.keys import PrivateKey

    key = PrivateKey(private_key)
    if key.public_key.to_base58check_address() != sender:
        raise ValueError("the key is not that of the sender")
    signature = key.sign_msg_hash(hashlib.sha256(raw).digest()).to_bytes()
    return Signed((_bytes(1, raw) + _bytes(2, signature)).hex(), txid_of(raw))


def size_of(order: Order) -> int:
    """Return the most bytes that a node counts for the transaction that carries out ``order``."""
    raw = unsigned(order, made_at=_LONGEST, expires_at=_LONGEST, fee_limit=_LONGEST, anchor="0" * 64)
    return len(_bytes(1, raw) + _bytes(2, bytes(_SIGNATURE_BYTES))) + _RESULT_BYTES


def call_of(order: Order) -> str:
    """Return what a token's contract is called with to carry out ``order``, in hex."""
    return _TRANSFER + word(order.recipient) + f"{order.units:064x}"


def word(address: str) -> str:
    """Return an address as contracts take and log it: 20 bytes in 32, in hex."""
    return body_of(address).rjust(64, "0")


def body_of(address: str) -> str:
    """
    Return the 20 bytes of an address, in hex.

    :raises ValueError: when it is none
    """
    body = parse_tron_address(address)
    if body is None:
        raise ValueError(f"{address} is not an address on TRON")
    return body


def long_form(address: str) -> str:
    """Return an address as nodes write it: 0x41 and its 20 bytes, in hex."""
    return TRON_PREFIX.hex() + body_of(address)


def _contract(order: Order) -> bytes:
    owner = _bytes(1, bytes.fromhex(long_form(order.sender)))
    if order.asset.contract:
        number, name = _TRIGGER_SMART_CONTRACT
        contract = _bytes(2, bytes.fromhex(long_form(order.asset.contract)))
        parameters = owner + contract + _bytes(4, bytes.fromhex(call_of(order)))
    else:
        number, name = _TRANSFER_CONTRACT
        parameters = owner + _bytes(2, bytes.fromhex(long_form(order.recipient))) + _number(3, order.units)
    packed = _bytes(1, (_TYPES + name).encode()) + _bytes(2, parameters)  # google.protobuf.Any
    return _number(1, number) + _bytes(2, packed)


def _number(field: int, value: int) -> bytes:
    """Return a number as protobuf writes it, with the field's name; zero is left out."""
    if not 0 <= value <= _LONGEST:
        raise ValueError("the number does not fit into a transaction")
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
