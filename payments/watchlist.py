"""Which addresses on a chain are watched: every one ever issued, and those that refunds go to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Lookup, Min, QuerySet

from invoices.models import Invoice, InvoiceDestination, Matching
from merchants.models import WalletAddress
from payments.models import Refund


@CharField.register_lookup
class AnyOf(Lookup):
    """
    ``address__any_of=[…]``: as ``__in``, but one parameter, however many; thousands are parsed much sooner.

    It travels as one text, because the driver looks at each element of an array for what to quote. No address
    holds a comma, and one that did would match nothing, or what is ours.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition and its parameters."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(string_to_array(%s, ','))", (*parameters, ",".join(self.rhs))


@CharField.register_lookup
class FoldedAnyOf(AnyOf):
    """``address__folded_any_of=[…]``: the same for addresses in small letters; those that begin with 0x are indexed."""

    lookup_name = "folded_any_of"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition and its parameters."""
        left, parameters = self.process_lhs(compiler, connection)
        # Without the first part, word by word as the indexes have it, the planner would not see that they fit.
        condition = f"({left}::text LIKE '0x%%' AND LOWER({left}) = ANY(string_to_array(%s, ',')))"
        return condition, (*parameters, *parameters, ",".join(self.rhs))


@dataclass(frozen=True, slots=True)
class IssuedAddresses:
    """The addresses of all invoices, past and present, and of wallets on one network, as ``chains.base.Watchlist``."""

    network: str

    def among(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that were ever issued, or that refunds go to: one indexed query."""
        return self._found(addresses, self._own_addresses, self._kept, self._listed, self._returned)

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        """Return the same for addresses that begin with 0x, given and returned in small letters."""
        tables = (self._own_addresses, self._kept, self._listed, self._returned)
        found = self._found(addresses, *tables, lookup="folded_any_of")
        return {address.lower() for address in found}

    def issued(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that are ours."""
        return self._found(addresses, self._own_addresses, self._kept, self._listed)

    def references(self, candidates: Collection[str]) -> set[str]:
        """Return those of ``candidates`` that were ever issued as a tag."""
        wanted = [candidate for candidate in candidates if candidate]
        if not wanted:
            return set()
        by_tag = {"network": self.network, "matching": Matching.TAG, "tag__in": wanted}
        present = Invoice.objects.filter(**by_tag).values_list("tag", flat=True)
        return set(present.union(InvoiceDestination.objects.filter(**by_tag).values_list("tag", flat=True), all=True))

    def live(self) -> Iterator[str]:
        """Yield every address of ours and of refunds, for chains that are read account by account."""
        for rows in (self._listed, self._own_addresses, self._kept, self._returned.exclude(address="")):
            yield from rows.order_by("-created_at").values_list("address", flat=True).iterator(chunk_size=2000)

    @staticmethod
    def _found(addresses: Collection[str], *tables: QuerySet[Any], lookup: str = "any_of") -> set[str]:
        if not addresses:
            return set()
        condition = {f"address__{lookup}": addresses}
        first, *others = [rows.filter(**condition).values_list("address", flat=True) for rows in tables]
        return set(first.union(*others, all=True))

    @property
    def _own_addresses(self) -> QuerySet[Invoice]:
        """Invoices that share their address with no other; shared ones are listed with their wallet."""
        return Invoice.objects.filter(network=self.network, matching=Matching.ADDRESS)

    @property
    def _kept(self) -> QuerySet[InvoiceDestination]:
        """Where customers who chose something else since may still send; what is paid now may be among it."""
        return InvoiceDestination.objects.filter(network=self.network, matching=Matching.ADDRESS)

    @property
    def _listed(self) -> QuerySet[WalletAddress]:
        return WalletAddress.objects.filter(network=self.network)

    @property
    def _returned(self) -> QuerySet[Refund]:
        return Refund.objects.filter(network=self.network)


def first_issued_at(network: str) -> datetime | None:
    """Return when the first invoice on a network was made; None while there is none."""
    firsts = [
        rows.filter(network=network).aggregate(oldest=Min("created_at"))["oldest"]
        for rows in (Invoice.objects, InvoiceDestination.objects)
    ]
    return min((first for first in firsts if first is not None), default=None)
