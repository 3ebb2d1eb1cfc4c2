"""Cryptic Wallet's merchant invoice API, as its guide prints it. Translates, and owns nothing (docs/cryptic.md)."""
