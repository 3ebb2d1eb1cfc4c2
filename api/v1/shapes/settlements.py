"""The shapes of settlements and balances."""

from decimal import Decimal
from typing import Any, Final

from api.v1.pagination import list_answer, list_query
from api.v1.shapes.fields import LIVEMODE_DOC, TIME, TIME_OR_NULL, number, text
from api.validation import Choice, Flag, ListOf, Moment, Shape, Text
from payments.models import Account, SettlementStatus

SETTLEMENT_QUERY: Final = list_query(
    "SettlementQuery",
    {
        "invoice_id": Text(max=64, pattern="^[0-9a-z_]+$", required=False),
        "status": ListOf(Choice(*SettlementStatus.values), min=1, max=2, required=False),
        "network": Text(max=32, pattern="^[a-z0-9]+$", required=False, example="tron"),
        "crypto_currency": Text(max=16, pattern="^[A-Z0-9]{2,16}$", required=False, example="USDT"),
        "created_after": Moment(required=False, doc="Settled at this time or later."),
        "created_before": Moment(required=False, doc="Settled before this time."),
        "format": Choice("json", "csv", default="json", doc="`csv` gives all that match as one file, without pages."),
    },
)

_SETTLEMENT: Final[dict[str, Any]] = {
    "id": text("Public id of the settlement.", "set_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "invoice_id": text("Its invoice.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "network": text("The network.", "tron"),
    "crypto_currency": text("The asset all amounts are in.", "USDT"),
    "gross": number("Confirmed money, less what of a surplus is the customer's.", Decimal("16.49")),
    "fee": number("The platform's share, rounded down.", Decimal("0.1649")),
    "fee_percent": number("Its percentage of gross.", Decimal(1)),
    "net": number("What is yours: gross less fee.", Decimal("16.3251")),
    "status": Choice(*SettlementStatus.values, doc="`reversed` when the money went or changed.", example="settled"),
    "created_at": TIME,
    "reversed_at": TIME_OR_NULL,
    "reversal_reason": text("`reorg`: the payment left the chain; `changed`: another took its place.", nullable=True),
    "replaces": text("The reversed settlement it stands for.", nullable=True),
    "livemode": Flag(doc=LIVEMODE_DOC),
}
SETTLEMENT: Final = Shape("Settlement", _SETTLEMENT, is_open=True)
SETTLEMENTS: Final = list_answer("SettlementPage", "settlements", SETTLEMENT)

_HELD: Final = {
    Account.CHAIN: "What lies in your wallets: the sum of all the others.",
    Account.CUSTOMERS: "Confirmed money for invoices that are not paid yet.",
    Account.MERCHANT: "Yours: net of settlements, less refunds of them.",
    Account.FEES: "The platform's.",
    Account.NETWORK_FEES: "Spent on moving funds.",
    Account.REFUNDS: "Promised back to payers, not sent yet.",
    Account.CREDITS: "Surplus you keep for customers.",
    Account.UNMATCHED: "Money in the inbox.",
}
BALANCES: Final = Shape(
    "Balances",
    {
        "balances": ListOf(
            Shape(
                "Balance",
                {
                    "network": text("The network.", "tron"),
                    "crypto_currency": text("The asset.", "USDT"),
                    **{str(account): number(doc) for account, doc in _HELD.items()},
                },
                is_open=True,
            ),
            max=1000,
        )
    },
    is_open=True,
)
