"""Which of the addresses on a chain are ours. Every address ever issued stays watched."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class IssuedAddresses:
    """The addresses of all invoices on one network, as ``chains.base.Watchlist``."""

    network: str

    def among(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that were ever issued: one indexed query."""
        if not addresses:
            return set()
        return set(
            Invoice.objects.filter(network=self.network, address__in=list(addresses)).values_list("address", flat=True)
        )

    def references(self, candidates: Collection[str]) -> set[str]:
        """Return those of ``candidates`` that were ever issued as a tag."""
        wanted = [candidate for candidate in candidates if candidate]
        if not wanted:
            return set()
        return set(Invoice.objects.filter(network=self.network, tag__in=wanted).values_list("tag", flat=True))

    def live(self) -> Iterator[str]:
        """Yield every issued address, for chains that are read account by account."""
        issued = Invoice.objects.filter(network=self.network).order_by("-created_at")
        yield from issued.values_list("address", flat=True).iterator(chunk_size=2000)
