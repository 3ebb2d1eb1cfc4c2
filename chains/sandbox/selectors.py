"""Reads of the sandbox chain for whoever commands it."""

from collections.abc import Collection

from chains.sandbox.models import SandboxTransfer


def addresses_of(txids: Collection[str]) -> dict[str, str]:
    """Return the recipient's address of each of ``txids`` that is known; a caller checks whose it is before a drop."""
    return dict(SandboxTransfer.objects.filter(txid__in=txids).values_list("txid", "address"))
