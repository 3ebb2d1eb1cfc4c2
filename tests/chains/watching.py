"""What stands in for the database in tests of readers."""

from collections.abc import Collection, Iterator


class Watching:
    """A watchlist of given addresses that remembers what it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = set(addresses)
        self.questions: list[set[str]] = []

    def among(self, addresses: Collection[str]) -> set[str]:
        self.questions.append(set(addresses))
        return self.addresses & set(addresses)

    def live(self) -> Iterator[str]:
        yield from sorted(self.addresses)
