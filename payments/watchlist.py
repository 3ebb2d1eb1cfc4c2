"""Which addresses on a chain are watched: every one ever issued, and those that refunds go to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Lookup, QuerySet

from invoices.models import Invoice, Matching
from merchants.models import WalletAddress
from payments.models import Refund


@CharField.register_lookup
class AnyOf(Lookup):
    """``address__any_of=[…]``: as ``__in``, but one parameter, however many; thousands are parsed much sooner."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition and its parameters."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", (*parameters, list(self.rhs))


@dataclass(frozen=True, slots=True)
class IssuedAddresses:
    """The addresses of all invoices and wallets on one network, as ``chains.base.Watchlist``."""

    network: str

    def among(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that were ever issued, or that refunds go to: two indexed queries."""
        if not addresses:
            return set()
        returned = Refund.objects.filter(network=self.network, address__any_of=addresses)
        return self.issued(addresses) | set(returned.values_list("address", flat=True))

    def issued(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that are ours."""
        own = self._own_addresses.filter(address__any_of=addresses).values_list("address", flat=True)
        return set(
            own.union(self._listed.filter(address__any_of=addresses).values_list("address", flat=True), all=True)
        )

    def references(self, candidates: Collection[str]) -> set[str]:
        """Return those of ``candidates`` that were ever issued as a tag."""
        wanted = [candidate for candidate in candidates if candidate]
        if not wanted:
            return set()
        tagged = Invoice.objects.filter(network=self.network, matching=Matching.TAG, tag__in=wanted)
        return set(tagged.values_list("tag", flat=True))

    def live(self) -> Iterator[str]:
        """Yield every address of ours and of refunds, for chains that are read account by account."""
        returned = Refund.objects.filter(network=self.network).exclude(address="")
        for rows in (self._listed, self._own_addresses, returned):
            yield from rows.order_by("-created_at").values_list("address", flat=True).iterator(chunk_size=2000)

    @property
    def _own_addresses(self) -> QuerySet[Invoice]:
        """Invoices that share their address with no other; shared ones are listed with their wallet."""
        return Invoice.objects.filter(network=self.network, matching=Matching.ADDRESS)

    @property
    def _listed(self) -> QuerySet[WalletAddress]:
        return WalletAddress.objects.filter(network=self.network)
