"""Settings of a web server in tests that is to know other chains than the sandbox: TEST_CHAINS, as JSON."""

import json
import os

from config.settings.test import *  # noqa: F403

CHAINS = json.loads(os.environ["TEST_CHAINS"])
