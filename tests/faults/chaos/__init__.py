"""
Chaos: an installation under a steady load while all that it stands on fails, then an account of every order.

``world`` is the installation, ``shop`` the load and its record of what it did, ``node`` and ``receiver`` the two
neighbours that fail at random, ``faults`` what is done to it, ``account`` the comparison afterwards.
"""
