"""The door: ``Checkout(api_key, base_url=…)`` and everything behind it."""

import os
from types import TracebackType
from typing import Final, Self

from crypto_checkout.errors import CheckoutError
from crypto_checkout.resources import Resources
from crypto_checkout.streams import EventStream
from crypto_checkout.transport import Options, Transport

VERSION: Final = "1.0.0"
_TIMEOUT: Final = 30.0
_RETRIES: Final = 2


class Checkout(Resources):
    """
    A gateway, as one merchant sees it. ``checkout.invoices``, ``checkout.refunds`` … are its parts.

    ``api_key`` and ``base_url`` are read from CHECKOUT_API_KEY and CHECKOUT_BASE_URL when they are not given.
    ``timeout`` is seconds for one attempt; after ``max_retries`` more attempts the failure is raised.
    Threads may share one.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = _TIMEOUT,
        max_retries: int = _RETRIES,
    ) -> None:
        """
        Connect to nothing yet.

        :raises CheckoutError: when there is no base URL
        """
        address = (base_url or os.environ.get("CHECKOUT_BASE_URL", "")).rstrip("/")
        if not address.startswith(("http://", "https://")):
            raise CheckoutError("Give base_url, the address of your gateway, or set CHECKOUT_BASE_URL.")
        self._transport = Transport(
            Options(
                base_url=address,
                api_key=os.environ.get("CHECKOUT_API_KEY", "") if api_key is None else api_key,
                timeout=timeout,
                max_retries=max_retries,
                user_agent=f"crypto-checkout-python/{VERSION}",
            )
        )
        super().__init__(self._transport)

    @property
    def base_url(self) -> str:
        """Where the gateway is."""
        return self._transport.options.base_url

    @property
    def is_test(self) -> bool:
        """Whether the key is of test mode; False also without a key and with a token."""
        return "_test_" in self._transport.options.api_key

    def follow(self, *, last_event_id: str = "") -> EventStream:
        """Return the merchant's events as they happen; iterate over it."""
        return EventStream(self._transport, last_event_id=last_event_id)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
