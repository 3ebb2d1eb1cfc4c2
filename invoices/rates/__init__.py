"""What an asset is worth. Creating an invoice reads a table; only a periodic task asks the world.

``asking`` is what all sources share, one module each is a source, ``agreement`` makes one price of
several, ``book`` fetches and reads.
"""
