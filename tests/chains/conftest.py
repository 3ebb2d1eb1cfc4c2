from tests.peers import anvil

__all__ = ["anvil"]
