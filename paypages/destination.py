"""Where to send the money: the address as people compare it, the links that wallets open, the codes they scan."""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from chains import registry
from chains.tags import REFERENCE
from chains.uris import payment_uri
from invoices.models import Invoice, Matching
from merchants.settings import MerchantSettings

GROUP: Final = 4  # characters of an address that stand together


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to send; shown only while money is expected."""

    address: str
    groups: tuple[str, ...]
    ends: tuple[str, str]  # the first and the last group once more: what people compare
    tag: str
    is_reference: bool  # a tag that nobody can type: only the link or the code carries it
    is_exact: bool  # the amount alone tells whose payment it is
    uri: str  # empty when it would say no more than the address
    wallet_url: str  # what opens a wallet on this device; empty where no wallet listens
    app_url: str  # what opens this page in TRON's most common wallet, whose transfers no link can fill in
    looks_alike: bool  # the address would be good on other networks too
    qr_address: str
    qr_uri: str


def destination_of(invoice: Invoice, *, api: str, page: str) -> Destination:
    """Return where to send what ``invoice`` waits for; ``api`` is the origin that draws codes, ``page`` this page's."""
    asset, address = invoice.asset, invoice.address
    groups = grouped(address)
    network = registry.find_network(invoice.network)
    uri = payment_uri(asset, address, asset.to_amount(invoice.remaining_units), tag=invoice.tag)
    # The code changes with what is still due, and with what is chosen, and browsers keep images: "v" tells them apart.
    chosen = f"-{asset.code}-{address[-8:]}" if invoice.payment_options else ""
    qr = f"{api}/api/v1/public/invoice/{invoice.public_id}/qr?size=512&format=svg&mark=true"
    if MerchantSettings.of(invoice.merchant).logo:
        qr += "&logo=true"
    return Destination(
        address=address,
        groups=groups,
        ends=(groups[0], groups[-1]),
        tag=invoice.tag,
        is_reference=network is not None and network.tag_kind == REFERENCE,
        is_exact=invoice.matching == Matching.AMOUNT,
        uri="" if uri == address else uri,
        app_url=_tronlink(page) if network is not None and network.family == "tron" and invoice.livemode else "",
        looks_alike=network is not None and network.family == "evm",
        wallet_url="" if uri == address or not invoice.livemode else uri,
        qr_address=f"{qr}&content=address&v={chosen}" if chosen else f"{qr}&content=address",
        qr_uri=f"{qr}&content=uri&v={invoice.remaining_units}{chosen}",
    )


def _tronlink(page: str) -> str:
    """Return a link that opens a page in TronLink (TronLink's "DeepLink", action "open")."""
    order = {"url": page, "action": "open", "protocol": "tronlink", "version": "1.0"}
    return f"tronlinkoutside://pull.activity?param={quote(json.dumps(order, separators=(',', ':')))}"


def grouped(address: str) -> tuple[str, ...]:
    """Return ``address`` in groups that are easy to compare; the two ends say enough by themselves."""
    head = GROUP + 2 if address.startswith("0x") else GROUP
    last = max(head, head + (len(address) - head) // GROUP * GROUP - GROUP)
    middle = (address[start : start + GROUP] for start in range(head, last, GROUP))
    return tuple(part for part in (address[:head], *middle, address[last:]) if part)
