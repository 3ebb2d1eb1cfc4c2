"""One of two nodes keeps a transfer from us: the second pass finds it through the other one, credits it, and tells."""

import pytest
import structlog.testing

from events.models import Event
from merchants.services import add_wallet
from payments.models import Finding, Payment, ScannedRange
from payments.services import scan
from payments.tasks import verify
from tests.chains.fake_node import FakeNode, RpcAnswers, SmallChain, log, topic
from tests.factories import make_invoice, make_merchant
from tests.flows.test_anvil_payment import XPUB

pytestmark = pytest.mark.django_db

NETWORK = "ethereum"
PAID_AT = 105


@pytest.fixture
def chain(now) -> SmallChain:
    chain = SmallChain()
    chain.go_back(20, began=int(now.timestamp()) - 200)  # the first two minutes before any invoice
    return chain


@pytest.fixture
def nodes(chain, settings):
    """Two nodes of one chain; the first one is asked first."""
    nodes = [FakeNode(RpcAnswers(chain)) for _ in range(2)]
    settings.CHAINS = {NETWORK: {"rpc_urls": [node.url for node in nodes]}}
    settings.RATE_SOURCES = ["fixed"]
    yield nodes
    for node in nodes:
        node.stop()


@pytest.fixture
def invoices(nodes, chain, now):
    """Two invoices, both paid in full in one block."""
    merchant = make_merchant(now)
    add_wallet(merchant=merchant, network=NETWORK, xpub=XPUB, now=now)
    invoices = [make_invoice(merchant, now, livemode=True, crypto_currency="USDC") for _ in range(2)]
    chain.logs = [
        log(PAID_AT, place, tx=105100 + place, units=invoice.remaining_units)
        | {"topics": [*log(0, 0)["topics"][:2], topic(invoice.address.lower())], "transactionIndex": hex(place)}
        for place, invoice in enumerate(invoices)
    ]
    return invoices


def leave_out(node: FakeNode, place: int) -> None:
    """Let a node forget one log wherever it is asked for logs; that of the other invoice hides the hole."""
    assert isinstance(node.answer, RpcAnswers)
    node.answer.bend = lambda method, _params, result: (
        [found for found in result if found["logIndex"] != hex(place)] if method == "eth_getLogs" else result
    )


def read(chain: SmallChain, now) -> None:
    """Read up to shortly after the payments, and up to the tip when those blocks are final."""
    for chain.tip, chain.finalized in ((108, 100), (110, 108)):
        scan(network=NETWORK, now=now)


def statuses(invoices) -> list[str]:
    for invoice in invoices:
        invoice.refresh_from_db()
    return [invoice.status for invoice in invoices]


def test_a_log_that_one_node_lacks_is_found_by_the_second_pass_through_the_other(nodes, chain, invoices, now):
    due = sorted((invoice.address, invoice.remaining_units) for invoice in invoices)
    leave_out(nodes[0], 1)
    read(chain, now)
    assert statuses(invoices) == ["paid", "created"]

    with structlog.testing.capture_logs() as told:
        verify(NETWORK)

    assert statuses(invoices) == ["paid", "paid"]
    assert sorted(Payment.objects.values_list("address", "units")) == due
    finding = Finding.objects.get()
    assert (finding.kind, finding.first, finding.address) == ("missed", 105, invoices[1].address)
    assert finding.source == nodes[1].url
    assert [entry["kind"] for entry in told if entry["event"] == "second_pass_differs"] == ["missed"]
    assert Event.objects.filter(type="invoice.paid", invoice_id=invoices[1].pk).count() == 1


def test_a_log_that_the_second_node_lacks_is_told_and_takes_nothing_back(nodes, chain, invoices, now):
    leave_out(nodes[1], 1)
    read(chain, now)

    verify(NETWORK)

    assert statuses(invoices) == ["paid", "paid"]
    assert Finding.objects.get().kind == "unconfirmed"
    assert not ScannedRange.objects.exclude(verified_at=None).exists()


def test_honest_nodes_agree(nodes, chain, invoices, now):
    read(chain, now)

    assert verify(NETWORK) > 0
    assert statuses(invoices) == ["paid", "paid"]
    assert Finding.objects.count() == 0
    assert {(each.source, each.verified_by) for each in ScannedRange.objects.exclude(verified_at=None)} == {
        (nodes[0].url, nodes[1].url)
    }
