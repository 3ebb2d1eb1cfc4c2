"""
The bare minimum to compare with: aiohttp, a body in memory, a signature, a POST; nothing is read before or kept after.

``python -m bench.bare_sender URL COUNT`` sends so many to ``URL`` with the figure's number of requests at once, and
prints the seconds it took and the processor time it used.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from typing import Final

import aiohttp

AT_ONCE: Final = 50
BODY_BYTES: Final = 971  # as in the product's own webhooks


async def main(url: str, count: int) -> None:
    """Send, and print the figures."""
    key = secrets.token_bytes(32)
    body = json.dumps({"event": "invoice.paid", "data": "x" * (BODY_BYTES - 35)})
    left = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> None:
            for number in left:
                stamp, message = str(int(time.time())), f"whk_{number}"
                digest = hmac.new(key, f"{message}.{stamp}.{body}".encode(), hashlib.sha256).digest()
                headers = {
                    "Content-Type": "application/json",
                    "webhook-id": message,
                    "webhook-timestamp": stamp,
                    "webhook-signature": "v1," + base64.b64encode(digest).decode(),
                }
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()

        started, used = time.monotonic(), time.process_time()
        await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        print(json.dumps({"seconds": time.monotonic() - started, "processor": time.process_time() - used}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
