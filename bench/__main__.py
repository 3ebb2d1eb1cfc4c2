"""``python -m bench [NAME ...]``: the benchmarks below that are named, or all of them; results go to RESULTS.md."""

import subprocess
import sys
from collections.abc import Callable
from typing import Final

from bench import (
    catching_up,
    create,
    decoding,
    growing,
    handing_over,
    hanging,
    listing,
    reading,
    results,
    scanning,
    sending,
    starting,
    streaming,
    streams,
)
from bench.figures import SHOWN
from bench.installation import Installation, fresh_installation

BENCHMARKS: Final[dict[str, Callable[[Installation], None]]] = {
    "create": create.run,
    "read": reading.run,
    "list": listing.run,
    "scan": scanning.run,
    "start": starting.run,
    "stream": streaming.run,
    "streams": streams.run,
    "webhook": handing_over.run,
    "senders": sending.run,
    "hanging": hanging.run,
    "decode": decoding.run,
    "catchup": catching_up.run,
    "grow": growing.run,
}


def main() -> int:
    """Run what the command line names, each on an installation of its own."""
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    wanted = [word for word in sys.argv[1:] if word not in options] or list(BENCHMARKS)
    unknown = set(wanted) - set(BENCHMARKS)
    if unknown:
        sys.stderr.write(f"No benchmark called {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}.\n")
        return 1
    if len(wanted) > 1:  # Django is set up for one installation in each process
        return max(subprocess.call([sys.executable, "-m", "bench", name, *options]) for name in wanted)
    with fresh_installation() as installation:
        BENCHMARKS[wanted[0]](installation)
        results.keep(wanted[0], SHOWN, installation, order=list(BENCHMARKS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
