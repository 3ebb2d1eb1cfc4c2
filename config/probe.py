"""`deploy/program.sh probe`: ask the web server on this machine whether it can do its work; 0 when it can."""

import contextlib
import http.client
import json
import sys

from config import env
from config.serve import Options


def main() -> int:
    """Print what is wrong, if anything; return 1 when the server does not answer or is not ready."""
    options = Options.from_environment()
    # What listens on every address is asked on this machine's own.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104
    headers = {"Host": env.names("ALLOWED_HOSTS", default=["localhost"])[0]}
    try:
        with contextlib.closing(http.client.HTTPConnection(host, options.port, timeout=5)) as connection:
            connection.request("GET", "/readyz", headers=headers)
            answer = connection.getresponse()
            problems = json.loads(answer.read())["problems"]
    except (OSError, http.client.HTTPException, ValueError, KeyError) as failure:
        sys.stderr.write(f"{failure!r}\n")
        return 1
    for problem in problems:
        sys.stdout.write(f"{problem['part']}: {problem['problem']}\n")
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
