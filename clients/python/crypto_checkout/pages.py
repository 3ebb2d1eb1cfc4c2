"""Lists, which come in pages: iterate, and the next page is fetched when it is needed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from crypto_checkout.decoding import Model, decode

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page. ``total`` is counted up to 10,000 and is then a lower bound."""

    items: Sequence[M]
    total: int
    has_more: bool
    next_cursor: str | None


class Pages(Generic[M]):
    """
    A list of any length, fetched page by page.

    ``for invoice in checkout.invoices.list(): …`` goes through all of it; ``.page()`` is the first page only.
    """

    def __init__(
        self, kind: type[M], fetch: Callable[[Mapping[str, Any]], Any], names: tuple[str, str], query: Mapping[str, Any]
    ) -> None:
        """``names`` are those of the list in the answer and of the cursor in the query."""
        self._kind = kind
        self._fetch = fetch
        self._key, self._cursor = names
        self._query = query

    def page(self, cursor: str | None = None) -> Page[M]:
        """Fetch one page: the first one, or the one at ``cursor``."""
        found = self._fetch(self._query if cursor is None else {**self._query, self._cursor: cursor})
        pagination = found["pagination"]
        return Page(
            items=[decode(self._kind, one) for one in found[self._key]],
            total=pagination["total"],
            has_more=pagination["has_more"],
            next_cursor=pagination["next_cursor"],
        )

    def __iter__(self) -> Iterator[M]:
        page = self.page()
        yield from page.items
        while page.has_more:
            page = self.page(page.next_cursor)
            yield from page.items
