"""Settings of a server on the internet: nothing has a default that would be unsafe or wrong there."""

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import (
    CRYPTIC_HOST,
    DASHBOARD_BASE_URL,
    PAY_BASE_URL,
    SELFHOSTED_HOST,
    VAR_DIR,
    broker_options,
    cache_settings,
    database_settings,
)

SECRET_KEY = env.secret("SECRET_KEY", minimum=50)
# Former keys, so that nobody is signed out and no mailed link dies on the day the key changes.
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", default=())
# The first key encrypts, all of them decrypt: put a new one in front to change keys.
SECRET_ENCRYPTION_KEYS = env.names("SECRET_ENCRYPTION_KEYS")
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), *filter(None, (CRYPTIC_HOST, SELFHOSTED_HOST))]
API_BASE_URL = env.base_url("API_BASE_URL")
CSRF_TRUSTED_ORIGINS = sorted({API_BASE_URL, PAY_BASE_URL, DASHBOARD_BASE_URL})

DATABASES = {"default": database_settings(env.database("DATABASE_URL"))}
REDIS_URL = env.redis("REDIS_URL")
CELERY_BROKER_URL = env.broker("BROKER_URL", default=REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL)
CACHES = {"default": cache_settings(REDIS_URL)}

# Nobody gets in without mail: codes that check addresses and reset passwords go out by it.
EMAIL_HOST = env.text("EMAIL_HOST", form="the name of your SMTP server; localhost for one on this machine")

STATIC_ROOT = env.folder("STATIC_ROOT", default=VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# The proxy in front ends TLS and says so in this header; it must drop the header when a client sends it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
