"""The command ``checkout``: a gateway at one's fingertips while a shop is being written."""

from crypto_checkout.cli.main import main

__all__ = ["main"]
