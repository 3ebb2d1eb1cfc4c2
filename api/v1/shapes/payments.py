"""Payments, deposits, refunds, rates, assets and the sandbox: requests and answers."""

from decimal import Decimal
from typing import Any, Final

from api import qr
from api.v1.pagination import list_answer, list_query
from api.v1.shapes.fields import (
    CURRENCY,
    INVOICE_STATUS,
    LIVEMODE_DOC,
    PAYMENT_STATUS,
    REFUND_STATUS,
    REVIEW,
    TIME,
    TIME_OR_NULL,
    number,
    text,
)
from api.validation import Amount, Choice, Flag, ListOf, MapOf, Number, Shape, Text, Whole
from payments.models import PayoutStatus
from payments.models.payouts import Waiting
from payments.services import RefundRate, Resolution
from payments.states import PaymentStatus, RefundStatus, Review

_ADDRESS: Final = Text(max=128, pattern="^[0-9A-Za-z:]+$", doc="An address on the network.")
_TAG: Final = Text(
    max=10,
    pattern="^[0-9]+$",
    required=False,
    nullable=True,
    doc="The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already.",
)
_TXID: Final = Text(max=128, pattern="^[0-9A-Za-z]+$", doc="The transaction's hash.")
_ASSET: Final = Text(max=16, pattern="^[A-Z0-9]{2,16}$", example="USDT")
_INVOICE_ID: Final = Text(max=64, pattern="^[0-9a-z_]+$", example="inv_06bq3z5n8cz9v4w2k7r1t0x5ye")

REFUND_INVOICE: Final = Shape(
    "RefundInvoice",
    {
        "amount": Amount(above=0, required=False, nullable=True, doc="In the invoice's asset; by default all of it."),
        "fiat_amount": Amount(
            above=0, required=False, nullable=True, doc="Instead of `amount`: in the invoice's currency."
        ),
        "rate": Choice(
            *RefundRate, default="payment", doc="For `fiat_amount`: the rate of the payment, or that of today."
        ),
        "address": _ADDRESS.but(
            required=False,
            nullable=True,
            doc="Where the customer wants the money; without it, the answer's `claim_url` is the page to ask on.",
        ),
        "tag": _TAG,
        "reason": Text(max=500, min=0, required=False, nullable=True),
    },
)
UPDATE_REFUND: Final = Shape(
    "UpdateRefund", {"address": _ADDRESS.but(doc="Where the customer wants the money."), "tag": _TAG}
)
COMPLETE_REFUND: Final = Shape(
    "CompleteRefund", {"tx_hash": _TXID, "address": _ADDRESS.but(required=False, nullable=True), "tag": _TAG}
)
RESOLVE_DEPOSIT: Final = Shape(
    "ResolveDeposit",
    {
        "resolution": Choice(*Resolution, doc="Count it at today's rate, open a refund, or let it be."),
        "address": _ADDRESS.but(required=False, nullable=True, doc="Where to refund to."),
        "tag": _TAG,
        "invoice_id": _INVOICE_ID.but(
            required=False, nullable=True, doc="The invoice to count an unknown deposit for: yours, of the same mode."
        ),
    },
)
PAYMENT_QUERY: Final = list_query(
    "PaymentQuery",
    {
        "invoice_id": _INVOICE_ID.but(required=False),
        "status": ListOf(Choice(*PaymentStatus.values), min=1, max=5, required=False),
    },
)
REFUND_QR_QUERY: Final = Shape(
    "RefundQRQuery",
    {
        "size": Choice(*(str(size) for size in qr.SIZES), default="256", doc="Pixels; points in a PDF."),
        "format": Choice(*qr.FORMATS, default="png"),
    },
)
REFUND_QUERY: Final = list_query(
    "RefundQuery",
    {
        "invoice_id": _INVOICE_ID.but(required=False),
        "status": ListOf(Choice(*RefundStatus.values), min=1, max=4, required=False),
    },
)
_INBOX: Final = {
    "review": Review.OPEN,
    **{status: status for status in Review.values if status not in {"none", "open"}},
}
DEPOSIT_STATUSES: Final = _INBOX
DEPOSIT_QUERY: Final = list_query(
    "DepositQuery",
    {
        "status": Choice(*_INBOX, required=False, doc="`review` for those that wait for a decision."),
    },
)
RATE_QUERY: Final = Shape(
    "RateQuery", {"crypto_currency": _ASSET.but(required=False), "currency": CURRENCY.but(required=False)}
)

SEND_TRANSFER: Final = Shape(
    "SandboxTransferOrder",
    {
        "invoice": _INVOICE_ID.but(required=False, nullable=True, doc="One of your test invoices; or give an address."),
        "address": _ADDRESS.but(required=False, nullable=True, doc="A sandbox address; or give an invoice."),
        "asset": _ASSET.but(required=False, nullable=True, doc="By default the invoice's."),
        "amount": Amount(above=0, required=False, nullable=True, doc="In the asset; by default what is due."),
    },
)
MAKE_BLOCKS: Final = Shape("SandboxBlockOrder", {"count": Whole(min=1, max=1000, default=1)})
REORGANISE: Final = Shape(
    "SandboxReorgOrder",
    {
        "depth": Whole(min=1, max=100, doc="How many blocks to replace."),
        "drop": ListOf(_TXID, max=100, default=[], doc="Transfers to your own invoices that vanish."),
    },
)

_PAYMENT_OF_INVOICE: Final[dict[str, Any]] = {
    "id": text("Public id of the payment.", "pay_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "amount": number("In the asset.", Decimal("16.49")),
    "crypto_currency": text("The asset.", "USDT"),
    "tx_hash": text("The transaction's hash.", "a7b2c3d4e5f6789012345678901234567890abcdef"),
    "status": PAYMENT_STATUS,
    "confirmations": Whole(min=0, max=10**9, doc="Blocks on top of the payment's.", example=15),
    "required_confirmations": Whole(min=0, max=10**9, example=12),
    "block_number": Whole(min=0, max=2**63 - 1, nullable=True, doc="Null while it is in no block.", example=58234567),
    "from_address": text("The sender.", "TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9", nullable=True),
    "detected_at": TIME,
    "confirmed_at": TIME_OR_NULL,
    "network_fee": number("In the network's own coin; null when unknown.", Decimal("0.12"), nullable=True),
    "counts": Flag(doc="Whether it counts towards the invoice."),
    "late": Flag(doc="Whether it was sent after the deadline."),
    "review": REVIEW,
}
PAYMENT_OF_INVOICE: Final = Shape("InvoicePayment", _PAYMENT_OF_INVOICE, is_open=True)
_PAYMENT: Final[dict[str, Any]] = {
    **_PAYMENT_OF_INVOICE,
    "invoice_id": text(
        "Its invoice; null for a deposit that matched none.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye", nullable=True
    ),
    "network": text("The network.", "tron"),
    "address": text("Where it arrived."),
    "tag": text("Destination tag or reference, where the network has them.", nullable=True),
    "value": number("What it counts for, in the invoice's currency.", Decimal("16.49"), nullable=True),
    "currency": text("The invoice's currency.", "USD", nullable=True),
    "livemode": Flag(doc=LIVEMODE_DOC),
}
PAYMENT: Final = Shape("Payment", _PAYMENT, is_open=True)
DEPOSIT: Final = Shape(
    "Deposit",
    {
        **_PAYMENT,
        "review_reason": text(
            "`unknown`, `wrong_asset`, `late`, `closed`, `short`, `implausible`; or `dust`, which waits for nobody.",
            "late",
            nullable=True,
        ),
        "resolved_at": TIME_OR_NULL,
    },
    is_open=True,
)
REFUND: Final = Shape(
    "Refund",
    {
        "id": text("Public id of the refund.", "ref_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "invoice_id": text("Null for an unknown deposit.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye", nullable=True),
        "payment_id": text("The payment it returns, when it is a single one.", nullable=True),
        "amount": number("In the asset.", Decimal("16.49")),
        "crypto_currency": text("The asset.", "USDT"),
        "network": text("The network.", "tron"),
        "address": text("Where it goes; null until known.", nullable=True),
        "tag": text("The destination tag that goes with it, where the network has them.", nullable=True),
        "status": REFUND_STATUS,
        "kind": Choice(
            *("requested", "part", "cancellation", "surplus", "deposit"),
            doc="Why it was opened. A `part` goes back before its invoice is paid and counts towards it no longer.",
        ),
        "reason": text("In your own words.", nullable=True),
        "tx_hash": text("The transaction it was sent in.", nullable=True),
        "named_tx_hash": text(
            "What you named, where the chain shows `tx_hash` instead: mistyped, or it was sent twice. Have a look.",
            nullable=True,
        ),
        "held": Flag(doc="Do not send it: the money it returns is not confirmed, or a reorg took it back."),
        "payout": Shape(
            "Payout",
            {
                "id": text("Public id of the payout.", "pyt_06bq3z5n8cz9v4w2k7r1t0x5ye"),
                "status": Choice(*PayoutStatus.values, doc="How far it is."),
                "waiting_for": Choice(
                    *Waiting.values,
                    nullable=True,
                    doc="What keeps it from going on: approval by `staff`; money that is not confirmed (`held`); your "
                    "account (`suspended`); too little at the address (`funds`); `coin` for the fee, which is on its "
                    "way or wanted from you (`top_up`); a network that is too expensive for anything (`fee_cap`) or "
                    "for this (`worth`); its `turn` at the address; a `node`; a `problem` for staff.",
                ),
                "from_address": text("The address of the vault that sends it."),
                "tx_hash": text("Its transaction, once it is signed.", nullable=True),
            },
            is_open=True,
            nullable=True,
            doc="How far a vault is with sending it; null unless one was asked to.",
        ),
        "payment_uri": text("What to open in your wallet to send it; null unless it is to be sent.", nullable=True),
        "claim_url": text("Where the customer says the address; null once it is known.", nullable=True),
        "livemode": Flag(doc=LIVEMODE_DOC),
        "created_at": TIME,
        "completed_at": TIME_OR_NULL,
    },
    is_open=True,
)
PAYMENTS: Final = list_answer("PaymentPage", "payments", PAYMENT)
DEPOSITS: Final = list_answer("DepositPage", "deposits", DEPOSIT)
REFUNDS: Final = list_answer("RefundPage", "refunds", REFUND)
RATES: Final = Shape(
    "Rates",
    {
        "rates": ListOf(
            Shape(
                "Rate",
                {
                    "crypto_currency": text("The asset.", "USDT"),
                    "source": text("Who gave the prices.", "coinbase"),
                    "observed_at": TIME,
                    "prices": MapOf(Number(), doc="What one unit is worth in each currency."),
                },
                is_open=True,
            ),
            max=100,
        )
    },
    is_open=True,
)
ASSETS: Final = Shape(
    "Assets",
    {
        "assets": ListOf(
            Shape(
                "Asset",
                {
                    "crypto_currency": text("The asset's code.", "USDT"),
                    "network": text("The network's code.", "tron"),
                    "network_name": text("The network's name.", "TRON"),
                    "decimals": Whole(min=0, max=77, example=6),
                    "contract": text("The token's contract; null for the network's own coin.", nullable=True),
                    "is_available": Flag(doc="Whether an invoice can be created in it now: node and wallet are there."),
                },
                is_open=True,
            ),
            max=1000,
        )
    },
    is_open=True,
)
SANDBOX_TRANSFER: Final = Shape(
    "SandboxTransfer",
    {
        "tx_hash": text("The transaction's hash."),
        "network": text("Always `sandbox`.", "sandbox"),
        "address": text("The recipient."),
        "crypto_currency": text("The asset.", "USDT"),
        "amount": number("In the asset.", Decimal("16.49")),
        "invoice_id": text("Your invoice at this address, if it is one.", nullable=True),
    },
    is_open=True,
)
END_TIME: Final = Shape("SandboxExpirationOrder", {"invoice": _INVOICE_ID.but(doc="One of your test invoices.")})
GIVE_UP: Final = Shape(
    "SandboxFailureOrder",
    {
        "invoice": _INVOICE_ID.but(doc="One of your test invoices."),
        "tx_hash": _TXID.but(doc="A transfer to it that a reorg has dropped."),
    },
)
SANDBOX_INVOICE: Final = Shape(
    "SandboxInvoice",
    {"invoice_id": text("The invoice.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"), "status": INVOICE_STATUS},
    is_open=True,
)
SANDBOX_BLOCK: Final = Shape(
    "SandboxBlock",
    {
        "height": Whole(min=0, max=2**63 - 1, doc="Height of the newest block.", example=120),
        "hash": text("Its hash."),
        "parent_hash": text("The hash of the block before."),
        "timestamp": TIME,
    },
    is_open=True,
)
