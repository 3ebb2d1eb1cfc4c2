"""What paid invoices brought."""

from decimal import Decimal

from payments.models import Settlement
from tests.browser.screens import Stage, screen
from tests.browser.screens.invoices import paid


@screen("settlements", "many")
def _(stage: Stage) -> str:
    for part in ("1", "1.5", "1"):
        paid(stage, Decimal(part))
    last = Settlement.objects.order_by("created_at").last()
    assert last
    Settlement.objects.filter(pk=last.pk).update(status="reversed", reversed_at=stage.now, reversal_reason="reorg")
    return "/dashboard/settlements/"
