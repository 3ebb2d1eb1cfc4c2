"""What an asset is worth. Creating an invoice reads a table; only a periodic task asks the world.

A source is a module with ``NAME`` and ``fetch(base) -> Mapping[currency, Decimal]``; see ``sources``.
"""
