from datetime import datetime

import pytest

from merchants import services
from merchants.models import Merchant


@pytest.fixture
def account(db: None, now: datetime) -> services.SignedUp:
    request = services.SignUp(business_name="Acme", contact_email="admin@acme.example", plan_type="pro")
    return services.sign_up(request=request, now=now)


@pytest.fixture
def merchant(account: services.SignedUp) -> Merchant:
    return account.merchant
