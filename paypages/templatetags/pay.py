"""
``{% load pay %}``: numbers and times as people of the page's language write them, and the menu of languages.

    {{ page.money.remaining|exact }}  {{ step.at|moment }}  {{ deadline.price_until|clock }}  {% language_menu %}

What is copied or sent is never written so: programs read plain digits with a dot.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import get_language

from core.writing import clock_text, exact_text, moment_text
from paypages import languages

register = template.Library()


@register.filter
def exact(amount: str) -> str:
    """Write an amount of an asset with every digit it has."""
    return exact_text(Decimal(amount), _language())


@register.filter
def moment(at: datetime) -> str:
    """Write a day and a time in UTC."""
    return f"{moment_text(at, _language())} UTC"


@register.filter
def clock(at: datetime) -> str:
    """Write a time of day in UTC."""
    return f"{clock_text(at, _language())} UTC"


@register.inclusion_tag("paypages/parts/languages.html", takes_context=True)
def language_menu(context: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Offer this page, or the one at ``path``, in every language; nothing where no customer comes."""
    request = context.get("request")
    if request is None or not languages.is_for_customers(request.path):
        return {"choices": ()}
    return {"choices": languages.choices(request, path=path)}


def _language() -> str:
    return get_language() or languages.ENGLISH
