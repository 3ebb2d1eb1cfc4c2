"""``checkout listen``: what would be sent to a webhook endpoint is sent to a program on this machine."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from gettext import gettext as _

import urllib3

from crypto_checkout.cli.words import Refused, line_of, say
from crypto_checkout.client import Checkout
from crypto_checkout.decoding import decode, loads
from crypto_checkout.webhooks import WebhookEvent, sign

_SECONDS = 30.0


class Forwarder:
    """Sends events to ``url``, signed as the gateway signs them."""

    def __init__(self, url: str, secret: str) -> None:
        """
        Send nothing yet.

        :raises Refused: when ``url`` is no address
        """
        whole = url if "://" in url else f"http://{url}"
        parts = urllib3.util.parse_url(whole)
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise Refused(_("{url} is no address. Write one such as http://127.0.0.1:3000/webhooks").format(url=url))
        self.url = whole
        self.secret = secret
        self._pool = urllib3.PoolManager(retries=False, timeout=_SECONDS)

    def forward(self, text: str) -> str:
        """Send one event, as the gateway wrote it, and return what came of it, for people."""
        event = decode(WebhookEvent, loads(text))
        body = text.encode()
        headers = sign(body, self.secret, message_id=event.id, event=event.event, now=int(time.time()))
        started = time.monotonic()
        try:
            answer = self._pool.request("POST", self.url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return _("nobody answers at {url}").format(url=self.url)
        took = round((time.monotonic() - started) * 1000)
        return f"{answer.status}  {took} ms"


def secret_for(api_key: str) -> str:
    """Return the secret that a key's forwarded events are signed with: the same at each start, so it is set once."""
    digest = hmac.new(api_key.encode(), b"checkout listen", hashlib.sha256).hexdigest()
    return f"whsec_{digest}"


def listen(checkout: Checkout, forwarder: Forwarder, *, events: Sequence[str], after: str) -> None:
    """
    Forward events until the process is interrupted.

    :raises APIError: when the gateway refuses
    :raises ConnectionFailed: when it cannot be reached
    """
    say(_("Events are sent to {url}. Their secret: {secret}").format(url=forwarder.url, secret=forwarder.secret))
    for text in checkout.follow(last_event_id=after).texts():
        event = decode(WebhookEvent, loads(text))
        if not events or event.event in events:
            say(f"{line_of(event)}  → {forwarder.forward(text)}")
