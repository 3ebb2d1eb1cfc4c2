"""The Bitcoin reader on a real node: real transactions in the mempool and in blocks, and a real reorg.

bcoin stands in for Bitcoin Core, from which its replies differ in places: another call for blocks with their
transactions, lists of addresses, fractions with an exponent.
"""

import itertools
from dataclasses import replace

import pytest

from chains.addresses import check_xpub, derive
from chains.base import ChainUnavailable
from chains.bitcoin import BitcoinReader
from chains.bitcoin_serialisation import read_serialised
from chains.registry import build
from tests.chains.watching import Watching

pytestmark = pytest.mark.bitcoin

# The account m/84'/0'/0' of "abandon … about" (BIP-84).
ZPUB = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"

_index = itertools.count()


def network_of(node, side="regtest"):
    networks = {network.code: network for network in build({"bitcoin": {"network": side, "rpc_urls": [node.url]}})}
    return networks["bitcoin"]


@pytest.fixture
def reader(bcoin):
    return BitcoinReader(network_of(bcoin))


def another(node):
    """Return an address of the account that no test has used."""
    network = network_of(node)
    return derive(network, check_xpub(network, ZPUB), next(_index))


@pytest.fixture
def address(bcoin):
    return another(bcoin)


def read(reader, first, last, *addresses):
    return list(reader.transfers(first=first, last=last, watchlist=Watching(*addresses)))


def test_the_id_is_worked_out_as_the_node_works_it_out(bcoin, address):
    txid = bcoin.pay((address, 34_600), (address, 7))

    found, outputs = read_serialised(bcoin.rpc("getrawtransaction", txid))

    assert (found, [output.units for output in outputs[:2]]) == (txid, [34_600, 7])


def test_a_payment_is_seen_waiting_and_then_in_its_block(bcoin, reader, address):
    txid = bcoin.pay((address, 34_600))

    waiting = list(reader.mempool(watchlist=Watching(address)))
    assert [(t.txid, t.recipient, t.units, t.ordinal, t.block) for t in waiting] == [(txid, address, 34_600, 0, None)]
    bcoin.mine()
    tip = reader.block_at()

    (transfer,) = read(reader, tip.height, tip.height, address)
    assert (transfer.network, transfer.asset, transfer.txid) == ("bitcoin", "BTC", txid)
    assert (transfer.recipient, transfer.units, transfer.ordinal, transfer.block) == (address, 34_600, 0, tip)
    assert list(reader.mempool(watchlist=Watching(address))) == []


def test_each_output_to_us_is_a_transfer_of_its_own(bcoin, reader, address):
    network = network_of(bcoin)
    nested = derive(network, check_xpub(network, f"sh(wpkh({_as_xpub()}/0/*))"), next(_index))
    legacy = derive(network, check_xpub(network, f"pkh({_as_xpub()}/0/*)"), next(_index))
    txid = bcoin.pay((address, 1_000), (nested, 100_000_000), (address, 3_000), (legacy, 12_345_678))
    bcoin.mine()

    found = read(reader, bcoin.height, bcoin.height, address, nested, legacy)

    assert {transfer.txid for transfer in found} == {txid}
    assert [(transfer.recipient, transfer.ordinal, transfer.units) for transfer in found] == [
        (address, 0, 1_000),
        (nested, 0, 100_000_000),
        (address, 1, 3_000),
        (legacy, 0, 12_345_678),
    ]


def test_a_reorg_takes_a_payment_back_and_it_returns_in_another_block(bcoin, reader, address):
    txid = bcoin.pay((address, 5_000))
    (first,) = bcoin.mine()
    assert read(reader, bcoin.height, bcoin.height, address)[0].block.hash == first

    bcoin.reorg(1)
    assert reader.block_at().hash != first
    assert list(reader.mempool(watchlist=Watching(address))) == []
    bcoin.send_again(txid)
    assert [transfer.txid for transfer in reader.mempool(watchlist=Watching(address))] == [txid]
    bcoin.mine(2)

    (transfer,) = read(reader, bcoin.height - 1, bcoin.height, address)
    assert (transfer.txid, transfer.ordinal) == (txid, 0)
    assert transfer.block.hash != first
    assert transfer.block == reader.block_at(bcoin.height - 1)
    assert list(reader.mempool(watchlist=Watching(address))) == []


def test_the_reward_of_a_block_is_a_transfer(bcoin, reader, address):
    bcoin.rpc("generatetoaddress", 1, address)

    (transfer,) = read(reader, bcoin.height, bcoin.height, address)

    assert (transfer.sender, transfer.ordinal, transfer.units >= 1_250_000_000) == ("", 0, True)


def test_all_blocks_since_the_first_are_read_in_one_go(bcoin, reader):
    watching = Watching()

    assert list(reader.transfers(first=0, last=reader.block_at().height, watchlist=watching)) == []
    assert len(watching.questions) == bcoin.height  # the very first block pays to a bare key, which has no address
    assert (reader.finalized_height(), reader.has_failed("00" * 32)) == (None, False)


def test_a_node_on_another_chain_is_not_believed(bcoin):
    with pytest.raises(ChainUnavailable, match="on another chain than Bitcoin Testnet 4"):
        BitcoinReader(network_of(bcoin, "testnet")).block_at()


def test_a_node_that_has_not_got_far_enough_to_be_told_apart_is_not_believed(bcoin):
    with pytest.raises(ChainUnavailable, match="does not tell whether it is on Bitcoin: block 481824"):
        BitcoinReader(network_of(bcoin, "mainnet")).block_at()


def test_a_block_that_does_not_exist_yet_is_unavailable(bcoin, reader):
    with pytest.raises(ChainUnavailable, match="out of range"):
        reader.block_at(bcoin.height + 1)


def test_the_password_in_the_url_is_never_shown(bcoin, reader):
    wrong = BitcoinReader(replace(network_of(bcoin), rpc_urls=(bcoin.url.replace("secret", "no"),)))

    with pytest.raises(ChainUnavailable, match="HTTP 401") as refusal:
        wrong.block_at()

    assert "no@" not in str(refusal.value)
    reader.block_at()
    assert reader.source == f"http://127.0.0.1:{bcoin.port}"


def _as_xpub():
    stored = check_xpub("bitcoin", ZPUB)
    return stored.removeprefix("wpkh(").removesuffix("/0/*)")
