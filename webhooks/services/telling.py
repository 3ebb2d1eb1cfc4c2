"""
Mails about endpoints that we disabled: owed from the moment of it, sent by a worker, one for each time.

They go to the account's address and to members who want to know of webhooks, about test mode too.
"""

from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from events.models import Event
from merchants import selectors as merchants
from merchants.notifications import Topic
from webhooks.models import WebhookEndpoint
from webhooks.services.endpoints import DISABLED
from webhooks.states import DisabledReason

log = structlog.get_logger(__name__)


def tell_owners() -> int:
    """Mail the owners of endpoints that we disabled; return how many endpoints. Each is told of once."""
    owed = WebhookEndpoint.objects.filter(owners_told=False).values_list("pk", flat=True)
    return sum(_tell(key) for key in owed)


def _tell(key: UUID) -> bool:
    # Claimed before the mail goes out: a crash in between costs one mail, a repetition would cost trust in them.
    if not WebhookEndpoint.objects.filter(pk=key, owners_told=False).update(owners_told=True):
        return False
    endpoint = WebhookEndpoint.objects.select_related("merchant").get(pk=key)
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = _words(endpoint)
    try:
        send_mail(
            subject=subject,
            message=text,
            from_email=None,
            recipient_list=merchants.addressees(merchant=endpoint.merchant, topic=Topic.WEBHOOK),
        )
    except OSError as problem:  # the mail server is away: smtplib's errors are OSErrors
        log.warning("webhook_mail_not_sent", endpoint=endpoint.public_id, reason=repr(problem))
        WebhookEndpoint.objects.filter(pk=key).exclude(disabled_reason="").update(owners_told=False)
        return False
    return True


def _words(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """Return subject and text of the mail."""
    subject = _("A webhook endpoint was disabled – %(merchant)s") % {
        "merchant": " ".join(endpoint.merchant.business_name.split())
    }
    gone = _("Nothing is sent to %(url)s any more. It answered that it is gone for good.")
    failing = _("Nothing is sent to %(url)s any more. For five days it did nothing but fail.")
    why = gone if endpoint.disabled_reason == DisabledReason.GONE else failing
    # Not from any request's host: nobody else says where a link in a mail leads.
    link = f"{settings.DASHBOARD_BASE_URL}{reverse('dashboard:webhook', args=[endpoint.public_id])}"
    parts = [
        why % {"url": endpoint.url},
        *_last_words(endpoint),
        _("When it works again, enable it and replay what it missed:\n%(link)s") % {"link": link},
    ]
    if not endpoint.livemode:
        subject = _("[Test] %(subject)s") % {"subject": subject}
        parts.insert(0, _("This is test mode: nothing of it is real money."))
    return subject, "\n\n".join(parts) + "\n"


def _last_words(endpoint: WebhookEndpoint) -> list[str]:
    """Return what came of the last attempt, as the log has kept it."""
    logged = Event.objects.filter(object_id=endpoint.public_id, invoice_id=None, type=DISABLED)
    event = logged.order_by("-sequence").first()
    if event is None or not event.data.get("last"):
        return []
    facts = {"last": event.data["last"], "at": f"{event.created_at:%Y-%m-%d %H:%M}"}
    return [_("What came of the last attempt, on %(at)s UTC: %(last)s") % facts]
