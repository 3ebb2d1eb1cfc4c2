"""The Python client of Crypto Checkout. Begin with ``Checkout``; failures are in ``errors``, answers in ``models``."""

from crypto_checkout import errors, models, webhooks
from crypto_checkout.client import VERSION, Checkout
from crypto_checkout.errors import APIError, CheckoutError
from crypto_checkout.pages import Page, Pages

__version__ = VERSION
__all__ = ["APIError", "Checkout", "CheckoutError", "Page", "Pages", "__version__", "errors", "models", "webhooks"]
