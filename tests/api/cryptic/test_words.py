"""Cryptic's words: every status, exception, transaction and network has one, and each filter finds the way back."""

import re

import pytest

from api.cryptic import mapping
from api.cryptic.mapping import EXCEPTIONS, STATUS, UNMAPPED_EXCEPTIONS, WORDS, facts_of, network_code, status_word
from chains.catalogue import NETWORKS
from invoices.states import InvoiceException, InvoiceStatus
from payments.states import PaymentStatus


def test_every_status_and_exception_is_mapped_or_named_with_a_reason():
    assert set(STATUS) == set(InvoiceStatus)
    assert {exception for _, exception in EXCEPTIONS} | set(UNMAPPED_EXCEPTIONS) == set(InvoiceException)
    assert all(UNMAPPED_EXCEPTIONS.values())
    assert set(mapping.TRANSACTION_STATUS) == set(PaymentStatus)
    assert set(STATUS.values()) | set(EXCEPTIONS.values()) == set(WORDS)


def test_what_was_given_back_is_not_to_be_delivered_for():
    assert {status.value: status_word(status, InvoiceException.NONE) for status in InvoiceStatus} == {
        "created": "PENDING",
        "pending": "PENDING",
        "partial": "UNDERPAID",
        "confirming": "PROCESSING",
        "paid": "PAID",
        "expired": "EXPIRED",
        "cancelled": "CANCELLED",
        "refunded": "CANCELLED",
    }
    assert status_word(InvoiceStatus.REFUNDED, InvoiceException.OVERPAID) == "CANCELLED"


def test_the_filters_part_all_there_is():
    pairs = [(status, exception) for status in InvoiceStatus for exception in InvoiceException]
    found = [pair for word in WORDS for pair in facts_of(word)]

    assert sorted(found) == sorted(pairs)
    assert {status_word(*pair) for pair in facts_of("OVERPAID")} == {"OVERPAID"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tron", "tron"),
        (" TRX ", "tron"),
        ("tron-mainnet", "tron"),
        ("Binance Smart Chain", "bsc"),
        ("bnb_smart_chain", "bsc"),
        ("binance", "bsc"),
        ("ETH", "ethereum"),
        ("ethereum_mainnet", "ethereum"),
        ("matic", "polygon"),
        ("polygon_mainnet", "polygon"),
        ("btc", "bitcoin"),
        ("bitcoin_mainnet", "bitcoin"),
        ("ltc", "litecoin"),
        ("doge", "dogecoin"),
        ("bch", "bitcoincash"),
        ("bitcoin_cash", "bitcoincash"),
        ("bitcoin-cash", "bitcoincash"),
        ("moon", "moon"),
    ],
)
def test_a_network_goes_by_many_names(name, code):
    assert network_code(name) == code


def test_the_names_lead_to_networks_and_ours_lead_back():
    assert set(mapping.NETWORKS.values()) <= set(NETWORKS)
    assert set(mapping.NETWORK_WORDS) <= set(NETWORKS)
    for code in NETWORKS:
        assert network_code(mapping.NETWORK_WORDS.get(code, code)) == code


def test_the_codes_of_failures_have_the_guide_s_form():
    codes = [code for _, code in mapping.FAILURES.values()]

    assert all(re.fullmatch("[A-Z_]+", code) for code in codes)
    assert {"UNAUTHORIZED", "VALIDATION_ERROR", "NOT_FOUND", "CONFLICT", "RATE_LIMIT_EXCEEDED", "BAD_REQUEST"} <= {
        *codes
    }
