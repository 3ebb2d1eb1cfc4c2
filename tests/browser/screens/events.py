"""The log of events."""

from events.models import Event
from events.outbox import dispatch
from tests.browser.screens import Stage, screen
from tests.factories import make_invoice


def _events(stage: Stage) -> Event:
    stage.testing = True
    for _number in range(3):
        invoice = make_invoice(stage.merchant, stage.now)
    dispatch()
    return Event.objects.get(invoice_id=invoice.pk)


@screen("events", "some")
def _(stage: Stage) -> str:
    _events(stage)
    return "/dashboard/events/"


@screen("events", "one")
def _(stage: Stage) -> str:
    return f"/dashboard/events/{_events(stage).public_id}/"
