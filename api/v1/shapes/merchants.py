"""What requests and answers about merchants, API keys, tokens and wallets hold."""

from typing import Any, Final

from api.errors import WrongType
from api.validation import Amount, Choice, Email, ListOf, MapOf, Moment, Number, Shape, Text, Whole
from merchants.branding import EMAIL_LENGTH, NAME_LENGTH, ORIGIN_LENGTH, ORIGINS
from merchants.models import MerchantStatus, WalletKind
from merchants.scopes import PERMISSIONS, SCOPES
from merchants.secrets import KeyFormat
from merchants.settings import (
    CONFIRMATIONS,
    EXPIRY_MINUTES,
    LATE_HOURS,
    LATE_RULES,
    LOGO_LENGTH,
    MOST_OPTIONS,
    OVERPAYMENT_ACTIONS,
    OVERPAYMENT_MAX,
    UNDERPAYMENT_MAX,
)

TOKEN_SECONDS: Final = (60, 86_400)
DEFAULT_TOKEN_SECONDS: Final = 3600
MAX_OVERLAP_SECONDS: Final = 7 * 86_400

NAME: Final = Text(max=200)
KEY_NAME: Final = Text(max=100)
PERMISSION_LIST: Final = ListOf(Choice(*PERMISSIONS), min=1, max=len(PERMISSIONS), unique=True)
_COUNT: Final = Whole(min=0, max=2**31)


class Settings(Shape):
    """Described here, checked by the domain: staff and programs obey the same rules."""

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongType("This must be an object.", field=path or None)
        return value


def _settings(name: str, *, is_answer: bool) -> Shape:
    amount = Number if is_answer else Amount
    marks = {"required": is_answer, "nullable": not is_answer}
    kind = Shape if is_answer else Settings
    return kind(
        name,
        {
            "default_currency": Text(max=3, pattern="^[A-Z]{3}$", **marks),
            "default_crypto_currency": Text(max=16, pattern="^[A-Z0-9]+$", **marks),
            "payment_options": ListOf(
                Shape(
                    f"{name}PaymentOption",
                    {"crypto_currency": Text(max=16), "network": Text(max=32)},
                    is_open=is_answer,
                ),
                max=MOST_OPTIONS,
                doc="What customers may choose between when an invoice names no crypto currency or network; or none.",
                **marks,
            ),
            "invoice_expiry_minutes": Whole(min=EXPIRY_MINUTES[0], max=EXPIRY_MINUTES[1], **marks),
            "payment_tolerance": Shape(
                f"{name}Tolerance",
                {
                    "underpayment_threshold": amount(min=0, max=UNDERPAYMENT_MAX, **marks),
                    "overpayment_threshold": amount(min=0, max=OVERPAYMENT_MAX, **marks),
                    "overpayment_action": Choice(*OVERPAYMENT_ACTIONS, **marks),
                },
                is_open=is_answer,
                **marks,
            ),
            "late_payment": Shape(
                f"{name}LatePayment",
                {
                    "rule": Choice(*LATE_RULES, **marks),
                    "window_hours": Whole(min=LATE_HOURS[0], max=LATE_HOURS[1], **marks),
                },
                is_open=is_answer,
                **marks,
            ),
            "confirmations": MapOf(
                Whole(min=CONFIRMATIONS[0], max=CONFIRMATIONS[1], nullable=not is_answer),
                doc="Blocks to wait for, per network, instead of the network's own number.",
                **marks,
            ),
            "logo": Text(
                max=LOGO_LENGTH,
                min=0,
                pattern="^(data:image/(png|jpeg);base64,.+)?$",
                doc="A PNG or JPEG as a `data:` URL, for pay pages, receipts and the middle of QR codes.",
                **marks,
            ),
            "branding": Shape(
                f"{name}Branding",
                {
                    "display_name": Text(
                        min=0,
                        max=NAME_LENGTH,
                        pattern="",
                        doc="The name on pay pages, instead of `business_name`.",
                        **marks,
                    ),
                    "accent_color": Text(
                        min=0,
                        max=7,
                        pattern="^(#[0-9a-f]{6})?$",
                        doc="The colour of buttons and links. Made darker or lighter where it could not be read.",
                        **marks,
                    ),
                    "support_email": Text(
                        min=0,
                        max=EMAIL_LENGTH,
                        pattern="",
                        doc="Where customers write to; shown on pay pages.",
                        **marks,
                    ),
                    "allowed_origins": ListOf(
                        Text(max=ORIGIN_LENGTH, example="https://shop.example.com"),
                        min=0,
                        max=ORIGINS,
                        doc="Sites that may show pay pages within theirs. `http://localhost` only in test mode.",
                        **marks,
                    ),
                },
                is_open=is_answer,
                **marks,
            ),
        },
        is_open=is_answer,
        **({} if is_answer else {"required": False}),
    )


SETTINGS_CHANGE: Final = _settings("MerchantSettingsChange", is_answer=False)

_MERCHANT_FIELDS: Final = {
    "id": Text(max=40, example="mer_01jhqxv8z0e0fr3vms5kqk6h2c"),
    "business_name": NAME,
    "contact_email": Email(),
    "status": Choice(*MerchantStatus.values),
    "plan_type": Text(max=32),
    "settings": _settings("MerchantSettings", is_answer=True),
    "created_at": Moment(),
    "updated_at": Moment(),
}
MERCHANT: Final = Shape(
    "Merchant",
    {
        **_MERCHANT_FIELDS,
        "plan_limits": Shape(
            "PlanLimits",
            {"max_api_keys": _COUNT, "max_webhook_endpoints": _COUNT, "monthly_invoice_limit": _COUNT},
            is_open=True,
        ),
        "usage": Shape(
            "PlanUsage",
            {"api_keys_count": _COUNT, "webhook_endpoints_count": _COUNT, "monthly_invoices": _COUNT},
            is_open=True,
        ),
    },
    is_open=True,
)
NEW_MERCHANT: Final = Shape(
    "NewMerchant",
    {
        **_MERCHANT_FIELDS,
        "api_key": Text(max=100, doc="For real money. Shown once."),
        "test_api_key": Text(max=100, doc="For the sandbox. Shown once."),
        "webhook_secret": Text(max=100, doc="Signs deliveries to the `webhook_url` of live invoices. Shown once."),
        "test_webhook_secret": Text(max=100, doc="The same for test invoices. Shown once."),
    },
    is_open=True,
)

_KEY_FIELDS: Final = {
    "id": Text(max=40, example="key_01jhqxv8z0e0fr3vms5kqk6h2c"),
    "name": KEY_NAME,
    "format": Choice(*KeyFormat.values, doc="Whose API the key opens: this one, or another that is spoken here."),
    "key_prefix": Text(max=40, example="sk_live_def456"),
    "key_type": Choice("live", "test"),
    "permissions": PERMISSION_LIST,
    "status": Choice("active", "revoked", "expired"),
    "expires_at": Moment(nullable=True),
    "created_at": Moment(),
    "last_used_at": Moment(nullable=True),
}
API_KEY: Final = Shape("ApiKey", _KEY_FIELDS, is_open=True)
NEW_API_KEY: Final = Shape(
    "NewApiKey",
    {
        **_KEY_FIELDS,
        "key": Text(max=100, doc="The key itself. Shown once."),
        "replaces": Text(max=40, required=False, doc="After a rotation: the key that this one replaces."),
    },
    is_open=True,
)
REVOKED_API_KEY: Final = Shape(
    "RevokedApiKey", {"id": Text(max=40), "status": Choice("revoked"), "revoked_at": Moment()}, is_open=True
)

_WALLET_FIELDS: Final = {
    "id": Text(max=40),
    "network": Text(max=32),
    "kind": Choice(*WalletKind.values),
    "xpub": Text(max=256, nullable=True, doc="The key, or a descriptor of it; null for listed addresses."),
    "next_index": Whole(min=0, max=2**31, nullable=True, doc="The child of the key that the next invoice gets."),
    "last_paid_index": Whole(min=0, max=2**31, nullable=True, doc="The last child that was paid."),
    "gap": Whole(min=0, max=2**31, nullable=True, doc="How many children since were not; most apps look 20 ahead."),
    "addresses_left": Whole(min=0, max=10**9, nullable=True, doc="How many addresses of a pool wait unused."),
    "warning": Text(max=1000, nullable=True, doc="What you should do something about."),
    "status": Choice("active", "removed"),
    "preview": ListOf(Text(max=128), max=3, doc="The first addresses, to compare with those in your wallet."),
    "forward_to": Text(max=128, nullable=True, doc="Of a vault: where what its invoices bring goes on to."),
    "gas_address": Text(max=128, nullable=True, doc="Of a vault: where to put the network's coin, for its fees."),
    "created_at": Moment(),
}
WALLET: Final = Shape("Wallet", _WALLET_FIELDS, is_open=True)
NEW_WALLET: Final = Shape(
    "NewWallet",
    {
        **_WALLET_FIELDS,
        "seed_phrase": Text(
            max=500, required=False, doc="Of a new vault: 24 words that can spend all it holds. Shown once."
        ),
    },
    is_open=True,
)

SIGN_UP: Final = Shape(
    "SignUp",
    {
        "business_name": NAME,
        "contact_email": Email(),
        "plan_type": Text(max=32, default="free"),
        "settings": SETTINGS_CHANGE,
    },
)
UPDATE_MERCHANT: Final = Shape(
    "UpdateMerchant",
    {
        "business_name": NAME.but(required=False),
        "contact_email": Email(required=False),
        "settings": SETTINGS_CHANGE,
    },
)
WEBHOOK_SECRET: Final = Shape(
    "WebhookSecret",
    {"webhook_secret": Text(max=100, doc="The new secret. Shown once."), "key_type": Choice("live", "test")},
    is_open=True,
)

CREATE_KEY: Final = Shape(
    "CreateApiKey",
    {
        "name": KEY_NAME,
        "key_type": Choice("live", "test", required=False, doc="By default the type of the key that asks."),
        "format": Choice(*KeyFormat.values, default="native", doc="Whose API it is for: it opens that one only."),
        "permissions": PERMISSION_LIST,
        "expires_at": Moment(required=False, nullable=True),
    },
)
UPDATE_KEY: Final = Shape(
    "UpdateApiKey", {"name": KEY_NAME.but(required=False), "permissions": PERMISSION_LIST.but(required=False)}
)
ROTATE_KEY: Final = Shape(
    "RotateApiKey",
    {
        "overlap_seconds": Whole(
            min=0, max=MAX_OVERLAP_SECONDS, default=0, doc="How long the old key works on; 0 ends it at once."
        )
    },
)

TOKEN_REQUEST: Final = Shape(
    "TokenRequest",
    {
        "grant_type": Choice("api_key"),
        "api_key": Text(max=200),
        "scope": ListOf(
            Choice(*SCOPES),
            min=1,
            max=len(SCOPES),
            unique=True,
            required=False,
            doc="A part of the key's permissions; by default all of them.",
        ),
        "expires_in": Whole(min=TOKEN_SECONDS[0], max=TOKEN_SECONDS[1], default=DEFAULT_TOKEN_SECONDS, doc="Seconds."),
    },
)
TOKEN: Final = Shape(
    "Token",
    {
        "access_token": Text(max=4096),
        "token_type": Choice("Bearer"),
        "expires_in": Whole(min=TOKEN_SECONDS[0], max=TOKEN_SECONDS[1]),
        "scope": ListOf(Choice(*SCOPES), max=len(SCOPES)),
    },
    is_open=True,
)

# As long as a seed phrase, so that one pasted by mistake is recognised instead of only being too long.
_LISTED: Final = Text(max=2000)
ADD_WALLET: Final = Shape(
    "AddWallet",
    {
        "network": Text(max=32),
        "kind": Choice(*WalletKind.values, default=WalletKind.XPUB.value, doc="Where its addresses come from."),
        "xpub": Text(
            max=2000,
            required=False,
            nullable=True,
            doc="For `xpub`: the extended public key of an account, or a descriptor of it; never a private key.",
        ),
        "address": _LISTED.but(required=False, nullable=True, doc="For `single`: the address."),
        "addresses": ListOf(_LISTED, min=1, max=1000, required=False, nullable=True, doc="For `pool`: the addresses."),
        "forward_to": _LISTED.but(
            required=False, nullable=True, doc="For `vault`: where the money goes on to; cannot be changed later."
        ),
    },
)
ADD_ADDRESSES: Final = Shape("AddAddresses", {"addresses": ListOf(_LISTED, min=1, max=1000)})
WALLET_PREVIEW: Final = Shape(
    "WalletPreview", {"network": Text(max=32), "preview": ListOf(Text(max=128), max=3)}, is_open=True
)
