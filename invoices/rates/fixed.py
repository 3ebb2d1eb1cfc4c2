"""Fixed prices: for test mode, and for installations that name the source ``fixed``. Not market data.

``settings.FIXED_RATES`` overrides single pairs: ``{"USDT/USD": Decimal("1.0001")}``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.conf import settings

from core.money import MINOR_DIGITS, WIDE
from invoices.rates.asking import Desk, Quoted

NAME: Final = "fixed"

IN_USD: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal("1.0001"),
    "USDC": Decimal("1"),
    "BTC": Decimal("60000"),
    "ETH": Decimal("3000"),
    "TRX": Decimal("0.125"),
    "BNB": Decimal("600"),
    "POL": Decimal("0.5"),
    "LTC": Decimal("80"),
    "DOGE": Decimal("0.2"),
    "BCH": Decimal("400"),
    "SOL": Decimal("150"),
    "XRP": Decimal("2"),
    "ADA": Decimal("0.5"),
}

# Units of each currency for one US dollar: round numbers of the right magnitude.
PER_DOLLAR: Final[Mapping[str, Decimal]] = {
    currency: Decimal(number)
    for currency, number in (
        pair.split("=")
        for pair in (
            "USD=1 EUR=0.92 GBP=0.8 CHF=0.9 CAD=1.4 AUD=1.5 NZD=1.7 SEK=10.5 NOK=11 DKK=6.9 PLN=4 CZK=23 RON=4.6 "
            "BGN=1.8 TRY=40 UAH=42 ILS=3.7 AED=3.67 SAR=3.75 QAR=3.64 ZAR=18 NGN=1500 KES=130 GHS=12 EGP=50 MAD=10 "
            "INR=88 PKR=280 BDT=120 LKR=300 THB=33 MYR=4.4 SGD=1.3 HKD=7.8 TWD=32 CNY=7.2 PHP=57 IDR=16000 BRL=5.5 "
            "MXN=18 ARS=1400 COP=4000 PEN=3.7 UYU=40 GEL=2.7 AMD=390 AZN=1.7 KZT=520 UZS=12500 RUB=90 JPY=150 "
            "KRW=1400 VND=26000 CLP=950 HUF=360 ISK=130 PYG=7500 XOF=600 XAF=600 KWD=0.3 BHD=0.376 OMR=0.385 "
            "JOD=0.709 TND=3.1"
        ).split()
    )
}


def fetch(bases: Sequence[str], _desk: Desk) -> Iterator[Quoted]:
    """Yield what each of ``bases`` is worth in every known currency, without those that have no price."""
    for base in bases:
        if found := prices(base, MINOR_DIGITS):
            yield Quoted(base, found)


def prices(base: str, currencies: Iterable[str]) -> Mapping[str, Decimal]:
    """Return what one ``base`` is worth in ``currencies``; empty for an asset without a price."""
    in_usd = settings.FIXED_RATES.get(f"{base}/USD", IN_USD.get(base))
    if in_usd is None:
        return {}
    return {
        currency: settings.FIXED_RATES.get(f"{base}/{currency}", WIDE.multiply(in_usd, PER_DOLLAR[currency]))
        for currency in currencies
    }
