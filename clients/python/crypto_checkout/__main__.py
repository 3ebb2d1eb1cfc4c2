"""``python -m crypto_checkout`` is the command ``checkout``."""

import sys

from crypto_checkout.cli import main

if __name__ == "__main__":
    sys.exit(main())
