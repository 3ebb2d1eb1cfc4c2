from tests.peers import anvil, bcoin

__all__ = ["anvil", "bcoin"]
