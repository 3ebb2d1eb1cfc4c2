"""Settings of the test suite. tests/conftest.py starts the engines and fills in their addresses."""

from decimal import Decimal

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import REST_FRAMEWORK, cache_settings, database_settings
from config.vaults import FEE_CAPS
from core.logs import logging_config

SECRET_KEY = "tests-only-" + "k" * 64
SECRET_ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
ALLOWED_HOSTS = ["*"]
API_BASE_URL = PAY_BASE_URL = DASHBOARD_BASE_URL = "http://testserver"
CRYPTIC_HOST = SELFHOSTED_HOST = ""

DATABASES = {
    "default": database_settings(env.database("DATABASE_URL", default="postgres://checkout:x@127.0.0.1:1/checkout")),
}
REDIS_URL = env.redis("REDIS_URL", default="redis://127.0.0.1:1/0")
CACHES = {"default": cache_settings(REDIS_URL)}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# A message broker in memory: `.delay` never waits, and nothing runs behind a test's back.
CELERY_BROKER_URL = "memory://"

MERCHANT_SIGNUP = "open"
STAFF_SECOND_STEP = False
TRUSTED_PROXIES = []
OUTBOUND_ALLOWED_NETWORKS = []
CHAINS = {}
VAULT_KEYS = []
VAULT_FEE_CAPS = dict(FEE_CAPS)
VAULT_APPROVAL_USD = Decimal(1000)
VAULT_DAILY_USD = Decimal(10_000)
VAULT_REPLACE_AFTER_SECONDS = 600
VAULT_FORWARD_COST_PERCENT = Decimal(5)
PLATFORM_FEE_ADDRESSES = {}
SANDBOX_BLOCK_SECONDS = 0
WEB_REQUEST_SECONDS = 0  # tests/config/test_timelimits.py has some
REQUEST_LOG_DAYS = 0
WEBHOOK_SENDERS = 0
RATE_SOURCES = ["fixed"]
RATE_MAX_AGE_SECONDS = 300
RATE_MIN_SOURCES = 1
FIXED_RATES = {}
REST_FRAMEWORK = REST_FRAMEWORK | {"TEST_REQUEST_DEFAULT_FORMAT": "json"}
LOGGING = logging_config(as_json=False, level="WARNING")
