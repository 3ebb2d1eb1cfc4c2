"""What is asked of invoices: orders and filters."""

from decimal import Decimal
from typing import Any, Final

from api.v1.pagination import list_query
from api.v1.shapes.fields import ACTION, CURRENCY, price
from api.validation import URL, Amount, Choice, Email, Flag, FreeForm, ListOf, Moment, Shape, Text, Whole
from core.targets import check_url
from invoices.errors import InvalidAmount, UnknownAsset
from invoices.services import CustomerDetails, InvoiceOrder, Item, OptionOrder, Tolerance
from invoices.states import InvoiceStatus
from merchants.settings import MOST_OPTIONS, OVERPAYMENT_MAX, UNDERPAYMENT_MAX

MAX_QUANTITY: Final = 1_000_000
LIFETIME: Final = (300, 604_800)  # seconds
PRICE_LOCK: Final = (60, 604_800)  # seconds

_ITEM: Final = Shape(
    "InvoiceItem",
    {
        "name": Text(max=200, example="VPN Premium Plan"),
        "description": Text(max=2000, min=0, required=False, nullable=True, example="Monthly subscription"),
        "quantity": Amount(above=0, max=MAX_QUANTITY, digits=6, failure=InvalidAmount, example=1),
        "unit_price": price(doc="In the invoice's currency.", example=Decimal("9.99")),
    },
)
_TOLERANCE: Final = Shape(
    "PaymentTolerance",
    {
        "underpayment_threshold": Amount(
            min=0,
            max=UNDERPAYMENT_MAX,
            digits=3,
            required=False,
            nullable=True,
            doc="So much less is still enough, in the invoice's currency; never more than 5 % of the total.",
            example=Decimal("0.01"),
        ),
        "overpayment_threshold": Amount(
            min=0,
            max=OVERPAYMENT_MAX,
            digits=3,
            required=False,
            nullable=True,
            doc="So much more is no overpayment yet.",
            example=Decimal("1.00"),
        ),
        "overpayment_action": ACTION.but(required=False, nullable=True),
    },
    required=False,
    nullable=True,
    doc="What is left out is taken from the merchant's settings.",
)


class _PricedEitherWay(Shape):
    """An order: with items, unless it names an amount of the asset."""

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        is_in_asset = isinstance(value, dict) and value.get("crypto_amount") is not None
        items = self.fields["items"].but(required=not is_in_asset)
        return Shape(self.name, {**self.fields, "items": items}).convert(value, path)


CREATE_INVOICE: Final = _PricedEitherWay(
    "CreateInvoice",
    {
        "title": Text(max=200, example="VPN Service Order"),
        "description": Text(max=5000, min=0, required=False, nullable=True),
        "items": ListOf(_ITEM, min=1, max=100, required=False, doc="Needed, unless there is a `crypto_amount`."),
        "crypto_amount": Amount(
            above=0,
            digits=24,
            failure=InvalidAmount,
            required=False,
            nullable=True,
            doc=(
                "Instead of items: just so much of `crypto_currency`, however rates move. `total` is what it is worth "
                "when the invoice is made. There is no tax, no choice and no price lock."
            ),
            example=Decimal("125.00"),
        ),
        "tax": price(required=False, nullable=True, doc="Added to the sum of the items.", example=Decimal("1.50")),
        "currency": CURRENCY.but(required=False, nullable=True),
        "crypto_currency": Text(
            max=16,
            pattern="^[A-Z0-9]{2,16}$",
            failure=UnknownAsset,
            required=False,
            nullable=True,
            doc="What the customer pays with; see `GET /assets`.",
            example="USDT",
        ),
        "network": Text(
            max=32,
            required=False,
            nullable=True,
            doc="On which network; by default the first of your wallets' networks that has the asset.",
            example="tron",
        ),
        "payment_options": ListOf(
            Shape(
                "PaymentOptionOrder",
                {
                    "crypto_currency": Text(
                        max=16,
                        pattern="^[A-Z0-9]{2,16}$",
                        failure=UnknownAsset,
                        doc="See `GET /assets`.",
                        example="USDT",
                    ),
                    "network": Text(
                        max=32,
                        required=False,
                        nullable=True,
                        doc="By default the first of your wallets' networks that has the asset.",
                        example="tron",
                    ),
                },
            ),
            min=1,
            max=MOST_OPTIONS,
            required=False,
            nullable=True,
            doc=(
                "What the customer may choose between on the pay page, the first one first; `crypto_currency` and "
                "`network` come before it when they are given too. Each needs a wallet. By default the list in your "
                "settings, unless you name a `crypto_currency` or a `network`."
            ),
        ),
        "price_lock_duration": Whole(
            min=PRICE_LOCK[0],
            max=PRICE_LOCK[1],
            required=False,
            nullable=True,
            doc="Seconds the exchange rate holds; by default until the invoice expires.",
            example=1800,
        ),
        "expires_in": Whole(
            min=LIFETIME[0],
            max=LIFETIME[1],
            required=False,
            nullable=True,
            doc="Seconds until the invoice expires.",
            example=1800,
        ),
        "payment_tolerance": _TOLERANCE,
        "webhook_url": URL(
            check=check_url,
            required=False,
            nullable=True,
            doc="Told of everything that happens to this invoice, beside your webhook endpoints.",
            example="https://merchant.com/webhook",
        ),
        "return_url": URL(required=False, nullable=True, example="https://merchant.com/success"),
        "cancel_url": URL(required=False, nullable=True, example="https://merchant.com/cancel"),
        "customer": Shape(
            "InvoiceCustomer",
            {
                "email": Email(example="customer@example.com"),
                "name": Text(max=200, min=0, required=False, nullable=True, example="Ada Palmer"),
            },
            required=False,
            nullable=True,
            doc="Whom it is for. An address that is new makes a new customer.",
        ),
        "metadata": FreeForm(
            max_keys=50,
            max_bytes=16_384,
            required=False,
            nullable=True,
            doc="Your own facts, returned as they are; at most 50 keys and 16 kB. Searched by `search`.",
            example={"order_id": "ord_789"},
        ),
    },
)
CANCEL_INVOICE: Final = Shape(
    "CancelInvoice",
    {
        "reason": Text(max=500, min=0, default="", nullable=True, example="Customer requested cancellation"),
        "refund_partial_payments": Flag(default=False, doc="Open a refund for each payment already received."),
    },
)
INVOICE_QUERY: Final = list_query(
    "InvoiceQuery",
    {
        "status": ListOf(
            Choice(*InvoiceStatus.values), min=1, max=8, required=False, doc="One status, or several with commas."
        ),
        "created_after": Moment(required=False, doc="Created at this time or later."),
        "created_before": Moment(required=False, doc="Created before this time."),
        "amount_gte": Amount(min=0, required=False, doc="Total of at least this much."),
        "amount_lte": Amount(min=0, required=False, doc="Total of at most this much."),
        "currency": CURRENCY.but(required=False),
        "customer_id": Text(max=64, required=False),
        "payment_link_id": Text(max=64, required=False),
        "search": Text(max=200, required=False, doc="Text in title, description or metadata, in any case."),
    },
)
CHOOSE_OPTION: Final = Shape(
    "ChoosePaymentOption",
    {
        "crypto_currency": Text(max=16, doc="One of the invoice's `payment_options`.", example="BTC"),
        "network": Text(max=32, doc="Its network.", example="bitcoin"),
    },
)


def order_of(found: dict[str, Any]) -> InvoiceOrder:
    """Return the order in the words of the domain; null counts as left out."""
    given = {name: value for name, value in found.items() if value is not None}
    tolerance = given.pop("payment_tolerance", {})
    items = tuple(
        Item(
            name=item["name"],
            quantity=item["quantity"],
            unit_price=item["unit_price"],
            description=item.get("description") or "",
        )
        for item in given.pop("items", ())
    )
    if "customer" in given:
        given["customer"] = CustomerDetails(given["customer"]["email"], given["customer"].get("name") or "")
    if "payment_options" in given:
        options = given["payment_options"]
        given["payment_options"] = tuple(OptionOrder(each["crypto_currency"], each.get("network")) for each in options)
    return InvoiceOrder(items=items, tolerance=Tolerance(**tolerance), **given)
