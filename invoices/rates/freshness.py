"""How old the newest price of each asset is."""

from datetime import datetime

from django.conf import settings

from chains import registry
from invoices.rates import fixed, history


def rate_ages(*, now: datetime) -> dict[str, float | None]:
    """
    Return the seconds since the newest price of each asset that can be paid with; None where there is none.

    Empty where all prices are fixed.
    """
    if settings.RATE_SOURCES == [fixed.NAME]:
        return {}
    networks = registry.networks(livemode=True, enabled_only=True)
    bases = sorted({asset.code for network in networks for asset in network.assets})
    newest = history.newest(bases)
    return {base: max((now - newest[base]).total_seconds(), 0.0) if base in newest else None for base in bases}


def problems(*, now: datetime) -> list[str]:
    """Return what somebody should look at: assets in which no invoice can be made for want of a price."""
    most = settings.RATE_MAX_AGE_SECONDS
    return [
        f"{base} has no price." if age is None else f"The price of {base} is {age:.0f} s old."
        for base, age in rate_ages(now=now).items()
        if age is None or age > most
    ]
