"""
A merchant's own rules: defaults, what may be changed, and how a change is merged in.

What is stored is only what the merchant has set. A change is merged deeply: what it does not name
stays, and null takes a setting back to the default.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from chains import registry
from core.errors import Invalid, SeveralInvalid
from core.money import has_at_most, is_currency, parse_amount
from core.pictures import Picture, clean
from merchants.branding import accent_color, display_name, origins, support_email
from merchants.errors import InvalidSetting, UnknownSetting

if TYPE_CHECKING:
    from merchants.models import Merchant

Check: TypeAlias = Callable[[Any, str], Any]

OVERPAYMENT_ACTIONS: Final = ("credit_account", "refund", "keep")
LATE_RULES: Final = ("accept", "review")
UNDERPAYMENT_MAX: Final = Decimal("1.00")
OVERPAYMENT_MAX: Final = Decimal(100)
EXPIRY_MINUTES: Final = (5, 10_080)
LATE_HOURS: Final = (1, 720)
CONFIRMATIONS: Final = (1, 50)
MOST_OPTIONS: Final = 12  # assets that a customer may choose between
# Small, because the settings are read with every request.
LOGO_LENGTH: Final = 16_384
LOGO_BOX: Final = (480, 160)  # pixels of the logo on pages: three times of what is shown, for sharp screens
LOGO_BYTES: Final = 12_000  # as a data: URL it still fits LOGO_LENGTH
# The bytes that files of these kinds begin with.
_PICTURES: Final = {"data:image/png;base64,": b"\x89PNG\r\n\x1a\n", "data:image/jpeg;base64,": b"\xff\xd8\xff"}

DEFAULTS: Final[dict[str, Any]] = {
    "default_currency": "USD",
    "default_crypto_currency": "USDT",
    "payment_options": [],
    "invoice_expiry_minutes": 30,
    "payment_tolerance": {
        "underpayment_threshold": Decimal("0.01"),
        "overpayment_threshold": Decimal("1.00"),
        "overpayment_action": "credit_account",
    },
    "late_payment": {"rule": "accept", "window_hours": 24},
    "confirmations": {},
    "logo": "",
    "branding": {"display_name": "", "accent_color": "", "support_email": "", "allowed_origins": []},
}


@dataclass(frozen=True, slots=True)
class PaymentTolerance:
    """Thresholds in the invoice's currency."""

    underpayment_threshold: Decimal
    overpayment_threshold: Decimal
    overpayment_action: str


@dataclass(frozen=True, slots=True)
class LatePayment:
    """What becomes of money that comes after the deadline: ``accept`` within ``window_hours``, or ``review``."""

    rule: str
    window_hours: int


@dataclass(frozen=True, slots=True)
class Branding:
    """
    How customers see the merchant; empty texts leave it to us.

    ``accent_color`` is written #rrggbb; ``allowed_origins`` are the sites that may show our pages within theirs.
    """

    display_name: str
    accent_color: str
    support_email: str
    allowed_origins: Sequence[str]


@dataclass(frozen=True, slots=True)
class MerchantSettings:
    """
    A merchant's settings with the defaults filled in. ``confirmations`` overrides the network's own number.

    ``payment_options`` is what customers may choose between when an invoice names no asset, the first one first:
    ``{"crypto_currency": "USDT", "network": "tron"}``; empty: they may not.
    """

    default_currency: str
    default_crypto_currency: str
    invoice_expiry_minutes: int
    payment_tolerance: PaymentTolerance
    late_payment: LatePayment
    branding: Branding
    payment_options: Sequence[Mapping[str, str]] = ()
    confirmations: Mapping[str, int] = field(default_factory=dict)
    logo: str = ""  # a ``data:`` URL, so that drawing it asks no network

    @classmethod
    def of(cls, merchant: "Merchant") -> Self:
        """Return the settings of ``merchant``."""
        values = effective(merchant.settings)
        tolerance, late = values.pop("payment_tolerance"), values.pop("late_payment")
        return cls(
            **{**values, "branding": Branding(**values["branding"])},
            payment_tolerance=PaymentTolerance(
                # JSON makes a whole number of an amount that is one.
                underpayment_threshold=Decimal(tolerance["underpayment_threshold"]),
                overpayment_threshold=Decimal(tolerance["overpayment_threshold"]),
                overpayment_action=tolerance["overpayment_action"],
            ),
            late_payment=LatePayment(**late),
        )


def effective(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``own`` with the defaults filled in."""
    return {
        name: {**default, **own.get(name, {})} if isinstance(default, dict) else own.get(name, default)
        for name, default in DEFAULTS.items()
    }


def merge(own: Mapping[str, Any], changes: Any) -> dict[str, Any]:
    """
    Return ``own`` with ``changes`` merged in.

    :raises Invalid: for an unknown setting or a value out of range; field paths start with ``settings``
    """
    failures: list[Invalid] = []
    merged = _merged(own, changes, _CHECKS, "settings", failures)
    if len(failures) > 1:
        raise SeveralInvalid(failures)
    if failures:
        raise failures[0]
    return merged


def _merged(
    own: Mapping[str, Any], changes: Any, checks: Mapping[str, Any], path: str, failures: list[Invalid]
) -> dict[str, Any]:
    merged = dict(own)
    if not isinstance(changes, dict):
        failures.append(InvalidSetting("This must be an object.", field=path))
        return merged
    for name, value in changes.items():
        here = f"{path}.{name[:64]}"
        check = checks.get(name)
        if check is None:
            failures.append(UnknownSetting(field=here))
        elif value is None:
            merged.pop(name, None)
        elif callable(check):
            failures.extend(_attempt(merged, name, check, value, here))
        else:
            merged[name] = _merged(own.get(name, {}), value, check, here, failures)
    return merged


def _attempt(merged: dict[str, Any], name: str, check: Check, value: Any, path: str) -> Iterator[Invalid]:
    try:
        merged[name] = check(value, path)
    except Invalid as failure:
        yield failure


def _currency(value: Any, path: str) -> str:
    if not is_currency(value):
        raise InvalidSetting("This is not a currency that invoices can be priced in (ISO 4217 code).", field=path)
    return str(value)


def _asset(value: Any, path: str) -> str:
    known = sorted({asset.code for network in registry.networks() for asset in network.assets})
    return str(_one_of(*known)(value, path))


def _one_of(*allowed: str) -> Check:
    def check(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise InvalidSetting(
                f"This must be one of: {', '.join(allowed)}.", field=path, constraints={"allowed": list(allowed)}
            )
        return value

    return check


def _whole(lowest: int, highest: int) -> Check:
    def check(value: Any, path: str) -> int:
        number = parse_amount(value) if not isinstance(value, str) else None
        if number is None or number != number.to_integral_value() or not lowest <= number <= highest:
            raise InvalidSetting(
                f"This must be a whole number from {lowest} to {highest}.",
                field=path,
                constraints={"min": lowest, "max": highest},
            )
        return int(number)

    return check


def _amount(highest: Decimal) -> Check:
    def check(value: Any, path: str) -> Decimal:
        number = parse_amount(value)
        if number is None or not 0 <= number <= highest or not has_at_most(number, 3):
            raise InvalidSetting(
                f"This must be an amount from 0 to {highest} with at most 3 digits after the point.",
                field=path,
                constraints={"min": 0, "max": highest, "max_decimal_places": 3},
            )
        return number

    return check


def _logo(value: Any, path: str) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or len(value) > LOGO_LENGTH or picture_in(value) is None:
        raise InvalidSetting(
            f"This must be a PNG or JPEG as a data: URL of at most {LOGO_LENGTH} characters.",
            field=path,
            constraints={"max_length": LOGO_LENGTH, "prefixes": list(_PICTURES)},
        )
    return value


def picture_in(data_url: str) -> Picture | None:
    """Return the logo behind a ``data:`` URL, drawn anew for pages; None when it cannot be read."""
    prefix = next((known for known in _PICTURES if data_url.startswith(known)), None)
    if prefix is None:
        return None
    try:
        content = base64.b64decode(data_url[len(prefix) :], validate=True)
        return clean(content, box=LOGO_BOX, limit=LOGO_BYTES) if content.startswith(_PICTURES[prefix]) else None
    except ValueError:  # binascii's error, text that is not ASCII, or no picture
        return None


def as_data_url(picture: Picture) -> str:
    """Return ``picture`` as the setting ``logo`` holds it."""
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"


def _options(value: Any, path: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) > MOST_OPTIONS:
        raise InvalidSetting(
            f"This must be a list of at most {MOST_OPTIONS} entries.", field=path, constraints={"max": MOST_OPTIONS}
        )
    found = {_option(entry, f"{path}[{place}]"): None for place, entry in enumerate(value)}
    return [{"crypto_currency": code, "network": network} for code, network in found]


def _option(value: Any, path: str) -> tuple[str, str]:
    if not isinstance(value, dict) or set(value) != {"crypto_currency", "network"}:
        raise InvalidSetting("This must be an object with crypto_currency and network.", field=path)
    code, network = value["crypto_currency"], value["network"]
    chain = registry.find_network(network) if isinstance(network, str) else None
    if chain is None or not chain.livemode:
        raise InvalidSetting("This installation has no such network.", field=f"{path}.network")
    if not isinstance(code, str) or registry.asset(network, code) is None:
        raise InvalidSetting(f"This crypto currency is not available on {chain.name}.", field=f"{path}.crypto_currency")
    return code, network


class _PerNetwork(dict[str, Check]):
    """Any network of this installation, each with the same check."""

    def get(self, name: str, default: Any = None) -> Any:
        return _whole(*CONFIRMATIONS) if registry.find_network(name) else default


_CHECKS: Final[dict[str, Any]] = {
    "default_currency": _currency,
    "default_crypto_currency": _asset,
    "payment_options": _options,
    "invoice_expiry_minutes": _whole(*EXPIRY_MINUTES),
    "payment_tolerance": {
        "underpayment_threshold": _amount(UNDERPAYMENT_MAX),
        "overpayment_threshold": _amount(OVERPAYMENT_MAX),
        "overpayment_action": _one_of(*OVERPAYMENT_ACTIONS),
    },
    "late_payment": {"rule": _one_of(*LATE_RULES), "window_hours": _whole(*LATE_HOURS)},
    "confirmations": _PerNetwork(),
    "logo": _logo,
    "branding": {
        "display_name": display_name,
        "accent_color": accent_color,
        "support_email": support_email,
        "allowed_origins": origins,
    },
}
