"""What Cryptic's requests and answers hold."""

from typing import Any, Final

from api.cryptic.mapping import WORDS
from api.validation import URL, Amount, Choice, Flag, FreeForm, ListOf, Shape, Text, Whole
from core.targets import check_url

LIFETIME: Final = (300, 604_800)  # seconds
DEFAULT_LIFETIME: Final = 3600
MOST: Final = 100  # invoices on a page
_LAST_PAGE: Final = 1_000_000


class TolerantShape(Shape):
    """An object whose further fields are left alone, as the original leaves them."""

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        super().__init__(name, fields, is_open=True)

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        if isinstance(value, dict):
            # What clients send for "nothing" is nothing.
            value = {key: each for key, each in value.items() if key in self.fields and each is not None}
        return super().convert(value, path)


_TIME: Final = Text(max=32, example="2024-01-01T01:30:00.000Z")
_TIME_OR_NULL: Final = Text(max=32, nullable=True)
_NULL_TEXT: Final = Text(max=2048, min=0, nullable=True)
_AMOUNT: Final = Text(max=100, example="125.00", doc="Decimal digits, in the asset.")
_MARKS: Final = {"timestamp": Text(max=32), "requestId": Text(max=64, min=0)}

ERROR: Final = Shape(
    "CrypticError",
    {
        "error": Shape(
            "CrypticErrorBody",
            {
                "code": Text(max=64, pattern="^[A-Z0-9_]+$"),
                "message": Text(max=4000, min=0),
                "details": FreeForm(required=False, doc="What is wrong, by field; of a limit its `limit` and `reset`."),
            },
            is_open=True,
        ),
        **_MARKS,
    },
    is_open=True,
)

CREATE_INVOICE: Final = TolerantShape(
    "CrypticCreateInvoice",
    {
        "amount": Amount(above=0, digits=24, doc="In the asset; text or a number.", example="125.00"),
        "currency": Text(min=2, max=10, doc="Symbol of the asset, in any case.", example="USDT"),
        "network": Text(min=2, max=30, doc="Its network, by its code or a usual name of it.", example="tron"),
        "description": Text(max=500, min=0, required=False, nullable=True),
        "orderId": Text(max=100, min=0, required=False, nullable=True, doc="Your own reference."),
        "metadata": FreeForm(required=False, nullable=True),
        "notifyUrl": URL(check=check_url, required=False, nullable=True, doc="Told when the status changes."),
        "redirectUrl": URL(required=False, nullable=True, doc="Where the customer goes after paying."),
        "returnUrl": URL(required=False, nullable=True, doc="Where the customer goes without paying."),
        "expiresIn": Whole(min=LIFETIME[0], max=LIFETIME[1], default=DEFAULT_LIFETIME, nullable=True, doc="Seconds."),
    },
)
INVOICE_QUERY: Final = TolerantShape(
    "CrypticInvoiceFilters",
    {
        "page": Whole(min=1, max=_LAST_PAGE, default=1),
        "limit": Whole(min=1, max=MOST, default=20),
        "status": Choice(*WORDS, required=False),
        "currency": Text(max=10, required=False, doc="In any case."),
        "orderId": Text(max=100, required=False),
    },
)

_SHARED: Final = {
    "id": Text(max=40, example="inv_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "amount": _AMOUNT,
    "currency": Text(max=16, example="USDT"),
    "network": Text(max=32, example="tron"),
    "description": _NULL_TEXT,
    "orderId": _NULL_TEXT,
    "status": Choice(*WORDS),
    "depositAddress": Text(max=128),
    "depositTag": Text(max=64, required=False, doc="Has to be sent with the payment; where an address is shared."),
    "qrCodeData": Text(max=400, example="usdt:TTWZ…?amount=125"),
    "paymentUrl": Text(max=2048),
    "expiresAt": _TIME,
}
_SENT_BACK: Final = {"notifyUrl": _NULL_TEXT, "redirectUrl": _NULL_TEXT, "returnUrl": _NULL_TEXT}
_LISTED: Final = {**_SHARED, "amountPaid": _AMOUNT, "createdAt": _TIME}
_LOOKS: Final = {
    "name": Text(max=200),
    "businessName": Text(max=200),
    "settings": Shape(
        "CrypticMerchantSettings",
        {
            "companyName": Text(max=200),
            "supportEmail": _NULL_TEXT,
            "brandColor": _NULL_TEXT,
            "logoUrl": _NULL_TEXT,
        },
        is_open=True,
    ),
}
_TRANSACTION: Final = Shape(
    "CrypticTransaction",
    {
        "id": Text(max=40),
        "txHash": Text(max=200),
        "amount": _AMOUNT,
        "blockNumber": Text(max=20, nullable=True),
        "confirmations": Whole(min=0, max=2**31),
        "status": Choice("PENDING", "CONFIRMED", "FAILED"),
        "createdAt": _TIME,
    },
    is_open=True,
)


def _enveloped(name: str, fields: dict[str, Any]) -> Shape:
    data = Shape(name, fields, is_open=True)
    return Shape(f"{name}Answer", {"data": data, **_MARKS}, is_open=True)


NEW_INVOICE: Final = _enveloped("CrypticNewInvoice", {**_SHARED, **_SENT_BACK, "message": Text(max=200)})
INVOICES: Final = _enveloped(
    "CrypticInvoicePage",
    {
        "page": Whole(min=1, max=_LAST_PAGE),
        "limit": Whole(min=1, max=MOST),
        "total": Whole(min=0, max=2**53),
        "totalPages": Whole(min=0, max=2**53),
        "invoices": ListOf(Shape("CrypticListedInvoice", _LISTED, is_open=True), max=MOST),
    },
)
INVOICE: Final = _enveloped(
    "CrypticInvoice",
    {
        **_LISTED,
        **_SENT_BACK,
        "customData": FreeForm(doc="The `metadata` of its creation."),
        "paidAt": _TIME_OR_NULL,
        "confirmedAt": _TIME_OR_NULL,
        "merchant": Shape("CrypticMerchant", {"id": Text(max=40), **_LOOKS}, is_open=True),
        "transactions": ListOf(_TRANSACTION, max=1000),
    },
)
PUBLIC_INVOICE: Final = _enveloped(
    "CrypticPublicInvoice",
    {
        **_LISTED,
        "paidAt": _TIME_OR_NULL,
        "isExpired": Flag(),
        "merchant": Shape("CrypticPublicMerchant", _LOOKS, is_open=True),
    },
)
