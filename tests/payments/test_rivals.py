"""Whoever writes down what a chain holds waits for the network's cursor: two at once never work on one reading."""

from threading import Thread

import pytest
from django.db import connection, transaction

from payments.models import Cursor, Payment
from payments.services import rescan, scan, verify
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer
from tests.rivals import wait_until_held_up

pytestmark = pytest.mark.django_db(transaction=True)


def by_scan(chain, now):
    chain.grow(1)
    return scan(network="sandbox", now=now, reader=chain)


def by_the_first_look_after_an_absence(chain, now):
    chain.max_range = 2
    chain.grow(10)
    return scan(network="sandbox", now=now, reader=chain, max_rounds=0)


def by_rescan(chain, now):
    return list(rescan(network="sandbox", first=0, last=3, reader=chain, now=now))


def by_second_pass(chain, now):
    return verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)


@pytest.mark.parametrize("write", [by_scan, by_the_first_look_after_an_absence, by_rescan, by_second_pass])
def test_what_is_found_is_written_after_the_rival_has_finished(now, write):
    invoice = make_invoice(make_merchant(now), now)
    chain = ScriptedChain(start=now)
    chain.mine(transfer(invoice))
    chain.is_blind = True
    scan(network="sandbox", now=now, reader=chain)
    chain.grow(5)
    scan(network="sandbox", now=now, reader=chain)
    chain.is_blind = False
    order = []

    def work():
        write(chain, now)
        order.append("second")
        connection.close()

    with transaction.atomic():
        Cursor.objects.select_for_update().get(network="sandbox")  # as a rival does who records a reading
        rival = Thread(target=work)
        rival.start()
        wait_until_held_up(rival)
        order.append("first")
    rival.join()

    assert order == ["first", "second"]
    assert Payment.objects.count() == (1 if write in {by_rescan, by_second_pass} else 0)
