"""Settings of `make run`: one machine, no configuration needed, data and generated secrets in VAR_DIR."""

from config import env, local
from config.settings.base import *  # noqa: F403
from config.settings.base import API_BASE_URL, MIDDLEWARE, VAR_DIR, broker_options, cache_settings, database_settings
from core.logs import logging_config

_secrets = local.secrets_of(VAR_DIR)
_engines = local.running_engines(VAR_DIR)

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", minimum=32, default=_secrets.django_key)
SECRET_ENCRYPTION_KEYS = env.names("SECRET_ENCRYPTION_KEYS", default=[_secrets.encryption_key])
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=["*"])
CSRF_TRUSTED_ORIGINS = [API_BASE_URL]

DATABASES = {
    "default": database_settings(env.database("DATABASE_URL", default=_engines.database_url)),
}
REDIS_URL = env.redis("REDIS_URL", default=_engines.redis_url)
CELERY_BROKER_URL = env.broker("BROKER_URL", default=REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL)
CACHES = {"default": cache_settings(REDIS_URL)}

# The shop, its webhook receiver and a local node usually stand on the same machine here.
OUTBOUND_ALLOWED_NETWORKS = env.networks("OUTBOUND_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"])
METRICS_ALLOWED_NETWORKS = env.networks("METRICS_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"])

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
if not env.text("EMAIL_HOST", allow_empty=True):
    MAIL_IS_SHOWN = True
    EMAIL_BACKEND = "core.mail.ShownMail"
    EMAIL_FILE_PATH = VAR_DIR / "mail"

# The staff login that `make run` announces works at once.
STAFF_SECOND_STEP = env.flag("STAFF_SECOND_STEP", default=False)
# Browsers allow passkeys on http://localhost too.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True

# Static files come as they lie in the tree; in production they were compressed when they were collected.
MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LOGGING = logging_config(
    as_json=env.choice("LOG_FORMAT", options=("json", "text"), default="text") == "json",
    level=env.choice("LOG_LEVEL", options=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"),
)
