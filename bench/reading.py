"""``GET`` of one invoice and of a page of them beside bare Django views that select the same rows."""

from typing import Final

from bench.figures import Figure, show
from bench.installation import Installation
from bench.rounds import IN_TURNS, compare

KEYS: Final = 30
INVOICES: Final = 2_000
_LEAST_OF_ONE: Final = 0.5
_LEAST_OF_LIST: Final = 0.6


def run(installation: Installation) -> None:
    """Read one invoice, then a page of the list, each beside its bare view."""
    installation.set_up_django()
    from bench.tenants import add_invoices, new_keys, new_merchant
    from invoices.models import Invoice

    merchant = new_merchant("Bench")
    add_invoices(merchant, INVOICES)
    keys = new_keys(merchant, KEYS)
    newest = Invoice.objects.filter(merchant=merchant).earliest("created_at")
    floor, ours = (
        installation.serve("bench.floor_of_reading:application"),
        installation.serve("config.wsgi:application"),
    )
    for name, path, bare_path, least in (
        ("one invoice", f"/api/v1/invoices/{newest.public_id}", f"/api/v1/invoices/{newest.public_id}", _LEAST_OF_ONE),
        ("a page of 20", "/api/v1/invoices", f"/api/v1/invoices?merchant={merchant.pk}", _LEAST_OF_LIST),
    ):
        bare, read = compare(
            installation, (floor, [_request(bare_path, "none")]), (ours, [_request(path, key) for key in keys])
        )
        share = read.rate / bare.rate
        show(
            f"GET {name}, {IN_TURNS}",
            [
                Figure("bare Django view", str(bare)),
                Figure("read", str(read)),
                Figure("share of the bare view", f"{share:.1%}", f"at least {least:.0%}", share >= least),
                Figure("share by processor time", f"{bare.cost / read.cost:.1%}"),
            ],
        )


def _request(path: str, key: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nUser-Agent: bench/1\r\n\r\n"
