import pytest

from tests.factories import make_invoice, make_merchant


@pytest.fixture
def merchant(now):
    return make_merchant(now)


@pytest.fixture
def invoice(merchant, now):
    return make_invoice(merchant, now)
