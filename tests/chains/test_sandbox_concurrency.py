"""Two miners never fork the sandbox chain, and no transfer gets lost between them."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from chains.sandbox import services
from chains.sandbox.models import SandboxBlock, SandboxTransfer

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_miners_and_senders_at_once_make_one_chain():
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def run(work):
        try:
            start.wait(timeout=10)
            for _ in range(10):
                work()
        except BaseException as problem:  # noqa: BLE001
            failures.append(problem)
        finally:
            connection.close()

    def mine():
        services.mine(now=NOW)

    def send():
        services.send(address=services.new_address(), asset_code="USDT", units=1, now=NOW)

    def reorg():
        services.reorg(depth=1, now=NOW)

    services.mine(now=NOW)
    threads = [threading.Thread(target=run, args=[work]) for work in (mine, mine, send, reorg)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    services.mine(now=NOW)

    assert failures == []
    blocks = list(SandboxBlock.objects.filter(is_canonical=True).order_by("height"))
    assert [block.height for block in blocks] == list(range(1, 33))
    assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
    assert SandboxTransfer.objects.filter(block__is_canonical=True, is_dropped=False).count() == 10
