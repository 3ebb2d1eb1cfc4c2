"""
Finding invoices by whatever a person has in hand: words, an id, an e-mail address, an address, a tag, a transaction.

Each kind is looked up in an index of its own, and what is found is asked for by key: one query over everything at
once would use none of them.
"""

from typing import Final

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper

from dashboard.access import Desk
from invoices import selectors
from invoices.models import SEARCHED, Invoice
from payments.selectors import invoices_of_transaction

_MOST_CUSTOMERS: Final = 100
_SHORTEST_ADDRESS: Final = 20  # characters; what is shorter is neither address nor transaction


def found(invoices: QuerySet[Invoice], text: str, at: Desk) -> QuerySet[Invoice]:
    """Return those of ``invoices``, which are of the desk's merchant and mode, that ``text`` leads to."""
    text = text.strip()
    key = Invoice.key_from(text) or Invoice.key_of_session(text)
    if key:
        return invoices.filter(pk=key)
    wanted = Q(searched__contains=Upper(Value(text)))
    if "@" in text:
        customers = selectors.list_customers(merchant=at.merchant, livemode=at.livemode, text=text)
        wanted |= Q(customer_id__in=list(customers.values_list("pk", flat=True)[:_MOST_CUSTOMERS]))
    if " " not in text:
        wanted |= Q(pk__in=_keys(text, at))
    return invoices.alias(searched=SEARCHED).filter(wanted)


def _keys(text: str, at: Desk) -> set[object]:
    keys: set[object] = set()
    if text.isascii() and text.isdigit():
        keys |= selectors.invoices_with_tag(merchant=at.merchant, livemode=at.livemode, tag=text)
    if len(text) >= _SHORTEST_ADDRESS:
        keys |= selectors.invoices_at_address(merchant=at.merchant, livemode=at.livemode, address=text)
        keys |= invoices_of_transaction(merchant=at.merchant, livemode=at.livemode, text=text)
    return keys
