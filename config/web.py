"""The web process of `make run`: one uvicorn that serves pages, API and event streams."""

import uvicorn

from config import env
from config.processes import LOOPBACK


def main() -> None:
    """Serve on HOST and PORT until told to stop."""
    uvicorn.run(
        "config.asgi:application",
        host=env.address("HOST", default=LOOPBACK),
        port=env.port(),
        lifespan="on",
        ws="none",
        log_config=None,  # settings.LOGGING says how we log
        access_log=False,  # core.middleware writes one line a request, with its id
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES decides whom to believe, in core.middleware
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
