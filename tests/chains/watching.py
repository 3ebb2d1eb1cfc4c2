"""What stands in for the database in tests of readers."""

from collections.abc import Collection, Iterator


class Watching:
    """A watchlist of given addresses and tags that remembers what it was asked."""

    def __init__(self, *addresses: str, tags: Collection[str] = ()) -> None:
        self.addresses = set(addresses)
        self.tags = set(tags)
        self.questions: list[set[str]] = []

    def among(self, addresses: Collection[str]) -> set[str]:
        self.questions.append(set(addresses))
        return self.addresses & set(addresses)

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        self.questions.append(set(addresses))
        return {address.lower() for address in self.addresses} & set(addresses)

    def references(self, candidates: Collection[str]) -> set[str]:
        self.questions.append(set(candidates))
        return self.tags & set(candidates)

    def live(self) -> Iterator[str]:
        yield from sorted(self.addresses)
