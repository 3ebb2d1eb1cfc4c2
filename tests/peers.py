"""Fixtures for real peers that tests start on demand. Import what a conftest.py needs."""

from collections.abc import Iterator

import pytest

from tests.chains.anvil import Anvil, anvil_binary
from tests.chains.bcoin import Bcoin, bcoin_home


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    """A real EVM node (chain id 31337) for the whole session; tests deploy tokens of their own."""
    node = Anvil(anvil_binary())
    yield node
    node.stop()


@pytest.fixture(scope="session")
def bcoin() -> Iterator[Bcoin]:
    """A real Bitcoin node on a development chain for the whole session; tests pay to addresses of their own."""
    node = Bcoin(bcoin_home())
    yield node
    node.stop()
