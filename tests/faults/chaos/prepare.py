"""Run inside of the installation: a merchant with a key for each mode, a wallet, an endpoint, and rates to sell at."""

import json
import sys

import django

XPUB = "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"


def main(url: str) -> None:
    django.setup()
    from django.utils import timezone

    from bench.tenants import new_keys, new_merchant
    from invoices.tasks import fetch_rates
    from merchants.models import Plan
    from merchants.services import add_wallet
    from webhooks.services import EndpointOrder, create_endpoint

    Plan.objects.update(monthly_invoice_limit=10**6, max_webhook_endpoints=10)
    merchant = new_merchant("Chaos")
    now = timezone.now()
    add_wallet(merchant=merchant, network="ethereum", xpub=XPUB, now=now)
    for livemode in (False, True):
        order = EndpointOrder(url=url, events=["*"], max_retries=10, timeout=5)
        create_endpoint(merchant=merchant, livemode=livemode, order=order, now=now)
    fetch_rates()
    keys = {livemode: new_keys(merchant, 1, livemode=livemode)[0] for livemode in (False, True)}
    sys.stdout.write(json.dumps({"live": keys[True], "test": keys[False]}))


if __name__ == "__main__":
    main(sys.argv[1])
