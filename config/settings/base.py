"""What every installation shares. What differs is in development.py, production.py and test.py."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from config import env
from config.chains import chains_from_env
from config.schedule import beat_schedule
from config.vaults import fee_addresses, fee_caps, vault_keys
from core.logs import logging_config

ROOT = env.ROOT
VAR_DIR = env.folder("VAR_DIR", default=ROOT / "var")
DEMO_FILE = VAR_DIR / "demo.json"
DOCS_ROOT = VAR_DIR / "docs"

DEBUG = False
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = True
# Of customers' pages; members and staff read English. docs/languages.md says how to add one.
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("pt", "Portuguese"),
    ("tr", "Turkish"),
    ("ru", "Russian"),
    ("ar", "Arabic"),
    ("zh-hans", "Simplified Chinese"),
    ("ja", "Japanese"),
]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [ROOT / "locale"]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "operations.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "core",
    "events",
    "chains.sandbox",
    "merchants",
    "invoices",
    "payments",
    "webhooks",
    "analytics",
    "api",
    "paypages",
    "dashboard",
    "operations.apps.OperationsConfig",
]

# The API has no sessions, forms, languages or files: see config/wsgi.py.
API_MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "api.formats.FormatHosts",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.timelimits.TimeLimitMiddleware",
]
MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "api.formats.FormatHosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "paypages.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.timelimits.TimeLimitMiddleware",
]
# A redirect would turn a POST to an unknown URL into something else than the answer 404.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.surroundings.desk",
            ],
        },
    },
]

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # our scripts take the token from the form
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The API refuses larger bodies with its own error; this is the wall behind it. Bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Logins of members, with django-allauth; what it asks of us is in dashboard/accounts.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "dashboard.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900  # seconds
ACCOUNT_RATE_LIMITS = False  # ours are in dashboard/accounts, and hold without Valkey too
ACCOUNT_FORMS = {
    "login": "dashboard.accounts.forms.SignInForm",
    "signup": "dashboard.accounts.forms.SignUpForm",
    "reset_password": "dashboard.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "dashboard.accounts.forms.NewPasswordForm",
    "change_password": "dashboard.accounts.forms.ChangePasswordForm",
    "set_password": "dashboard.accounts.forms.SetPasswordForm",
    "reauthenticate": "dashboard.accounts.forms.ConfirmPasswordForm",
    "add_email": "dashboard.accounts.forms.ChangeEmailForm",
    "confirm_email_verification_code": "dashboard.accounts.forms.MailedCodeForm",
    "confirm_password_reset_code": "dashboard.accounts.forms.ResetCodeForm",
}
MFA_ADAPTER = "dashboard.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # periods of 30 seconds that a clock may be off
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "dashboard.accounts.forms.SecondFactorForm",
    "reauthenticate": "dashboard.accounts.forms.ConfirmCodeForm",
    "activate_totp": "dashboard.accounts.forms.ActivateAppForm",
    "add_webauthn": "dashboard.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "dashboard.accounts.forms.RenamePasskeyForm",
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Crypto Checkout API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "ALGORITHM": "HS256",
    "UPDATE_LAST_LOGIN": False,
}

WEB_THREADS = env.integer("WEB_THREADS", default=10, minimum=1, maximum=100)
# How long a request may keep the database busy; config/timelimits.py has the routes that may longer.
WEB_REQUEST_SECONDS: float = env.integer("WEB_REQUEST_SECONDS", default=10, maximum=300)
# How many event streams one process holds open at once for one invoice, and for one merchant's programs.
STREAMS_PER_INVOICE = env.integer("STREAMS_PER_INVOICE", default=10, minimum=1, maximum=100_000)
STREAMS_PER_MERCHANT = env.integer("STREAMS_PER_MERCHANT", default=100, minimum=1, maximum=100_000)
PORT = env.port()
API_BASE_URL = env.base_url("API_BASE_URL", default=f"http://127.0.0.1:{PORT}")
# Hosts on which another wire format answers at /api/v1/…, as its own document prints it; always at /cryptic/ and so on.
CRYPTIC_HOST = env.host("CRYPTIC_HOST")
SELFHOSTED_HOST = env.host("SELFHOSTED_HOST")
PAY_BASE_URL = env.base_url("PAY_BASE_URL", default=API_BASE_URL)
# What draws the pay page of an invoice that is only tried out: the dashboard knows no pay pages, and they not it.
PAY_PAGE_PREVIEW = "paypages.preview.preview"
PAY_PAGE_SAMPLE = "paypages.sample.sample"  # and one of an order that nobody placed, to try out looks
DASHBOARD_BASE_URL = env.base_url("DASHBOARD_BASE_URL", default=API_BASE_URL)

# Whether staff must have a second step; whoever has one must always take it.
STAFF_SECOND_STEP = env.flag("STAFF_SECOND_STEP", default=True)
MERCHANT_SIGNUP = env.choice("MERCHANT_SIGNUP", options=("open", "invite", "closed"), default="open")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
OUTBOUND_ALLOWED_NETWORKS = env.networks("OUTBOUND_ALLOWED_NETWORKS")
METRICS_ALLOWED_NETWORKS = env.networks("METRICS_ALLOWED_NETWORKS")
# Where several web processes of one machine count together; the library of Prometheus reads the same variable.
METRICS_DIR = env.text("PROMETHEUS_MULTIPROC_DIR", allow_empty=True)
# Where traces go, in OpenTelemetry's own variables; off without a collector.
TRACES_ENDPOINT = env.base_url("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
TRACES_HEADERS = env.names("OTEL_EXPORTER_OTLP_HEADERS", default=())
TRACES_RATIO = env.decimal("OTEL_TRACES_SAMPLER_ARG", default=Decimal(1))
TRACES_SERVICE = env.text("OTEL_SERVICE_NAME", default="crypto-checkout")
# What GET /readyz asks, beside the database, the migrations and Valkey.
HEALTH_CHECKS = {
    "events": "events.backlog.problems",
    "webhooks": "webhooks.backlog.problems",
    "rates": "invoices.rates.freshness.problems",
    "chains": "payments.overview.problems",
}

RATE_SOURCE_NAMES = ("coinbase", "kraken", "binance", "coingecko", "ecb", "fixed")
RATE_SOURCES = env.chosen("RATE_SOURCES", options=RATE_SOURCE_NAMES, default=("coinbase",))
RATE_MIN_SOURCES = env.integer("RATE_MIN_SOURCES", default=1, minimum=1, maximum=5)
RATE_MAX_AGE_SECONDS = env.integer("RATE_MAX_AGE_SECONDS", default=300, minimum=10)
# Test mode is always quoted at these; live mode only where RATE_SOURCES names "fixed".
API_RATE_LIMITS = env.amounts("API_RATE_LIMITS")  # instead of those in api/ratelimits.py, for the same window
FIXED_RATES = env.rates("FIXED_RATES", default={})  # on top of the table in invoices/rates/fixed.py

# Which networks are read and through which nodes; the sandbox is always there.
CHAINS: dict[str, Any] = chains_from_env(env.ENVIRON)

# Keys outside the database that encrypt the seeds of vaults; without any there are no vaults.
VAULT_KEYS = vault_keys(env.names("VAULT_KEYS", default=()), others=env.names("SECRET_ENCRYPTION_KEYS", default=()))
VAULT_FEE_CAPS = fee_caps(env.names("VAULT_FEE_CAPS", default=()))  # per transaction, in the network's own coin
VAULT_APPROVAL_USD = env.decimal("VAULT_APPROVAL_USD", default=Decimal(1000))  # above, two of the staff must approve
VAULT_DAILY_USD = env.decimal("VAULT_DAILY_USD", default=Decimal(10_000))  # of one merchant, within 24 hours
# A transaction that no block has taken for so long is signed again with higher fees; 0: never.
VAULT_REPLACE_AFTER_SECONDS = env.integer("VAULT_REPLACE_AFTER_SECONDS", default=600, maximum=7 * 86400)
# Money is forwarded when that costs no more than this share of it.
VAULT_FORWARD_COST_PERCENT = env.decimal("VAULT_FORWARD_COST_PERCENT", default=Decimal(5))
PLATFORM_FEE_ADDRESSES = fee_addresses(env.names("PLATFORM_FEE_ADDRESSES", default=()))

# Requests to merchants' servers that a worker has under way at once; 0 sends no webhooks from this process.
WEBHOOK_SENDERS = env.integer("WEBHOOK_SENDERS", default=512, maximum=4096)
# How long merchants can look up what their programs asked.
REQUEST_LOG_DAYS = env.integer("REQUEST_LOG_DAYS", default=30, maximum=3650)
# How long merchants can look up what was sent to their receivers, and what these answered.
DELIVERY_DAYS = env.integer("DELIVERY_DAYS", default=90, maximum=3650)
# How long events stay in the database before they are only in files; 0 leaves them there, for a command to archive.
ARCHIVE_AFTER_DAYS = env.integer("ARCHIVE_AFTER_DAYS", default=0, maximum=36_500)
ARCHIVE_DIR = env.folder("ARCHIVE_DIR", default=VAR_DIR / "archive")
# Where every event is fed to besides: Kafka.
EVENT_SINK = env.event_sink("EVENT_SINK_URL")

SANDBOX_BLOCK_SECONDS = env.integer("SANDBOX_BLOCK_SECONDS", default=3, maximum=3600)

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", default=25, minimum=1, maximum=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", allow_empty=True)
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", allow_empty=True)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
MAIL_IS_SHOWN = False  # whether mails go to the log instead of to people: only where one machine is tried out
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Crypto Checkout <checkout@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOG_LEVEL = env.choice("LOG_LEVEL", options=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
LOG_FORMAT = env.choice("LOG_FORMAT", options=("json", "text"), default="json")
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(as_json=LOG_FORMAT == "json", level=LOG_LEVEL)

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat_schedule(sandbox_block_seconds=SANDBOX_BLOCK_SECONDS, feeds_sink=bool(EVENT_SINK))


def broker_options(url: str) -> dict[str, Any]:
    """Return how Celery talks to the broker at ``url``, in the words of its kind."""
    # Whoever sends a message has work of its own: with the broker down it is told so at once, not after retries.
    impatient = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
    if url.startswith("amqp"):
        return {**impatient, "confirm_publish": True, "read_timeout": 10, "write_timeout": 10, "connect_timeout": 3}
    return {**impatient, "visibility_timeout": 300, "socket_timeout": 10, "socket_connect_timeout": 3}


def database_settings(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return the connection settings for a parsed DATABASE_URL: persistent, checked, never waiting for ever."""
    options = {
        "connect_timeout": 5,
        "application_name": "checkout",
        # Plans are kept per connection: a fifth of a short statement is its planning.
        "server_side_binding": True,
        "prepare_threshold": 5,
        **parsed.get("OPTIONS", {}),
    }
    return parsed | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False, "OPTIONS": options}


def cache_settings(url: str) -> dict[str, Any]:
    """Return Django's cache on the Valkey server at ``url``."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
