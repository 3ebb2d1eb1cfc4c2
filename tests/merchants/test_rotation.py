"""When the old key of a rotation ends."""

from datetime import timedelta

import pytest

from merchants import services
from merchants.models import KeyStatus
from merchants.services import Grant, KeyOrder

FULL = Grant(livemode=True, permissions=["*"])
OVERLAP = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("_case", "own_end", "end"),
    [
        ("a key without an end gets one", None, OVERLAP),
        ("a later end is brought forward", timedelta(days=9), OVERLAP),
        ("an earlier end stays", timedelta(minutes=3), timedelta(minutes=3)),
    ],
)
def test_the_old_key_ends_with_the_overlap_or_sooner(merchant, now, _case, own_end, end):
    expires_at = now + own_end if own_end else None
    order = KeyOrder(name="x", livemode=True, permissions=["*"], expires_at=expires_at)
    old, _ = services.create_api_key(merchant=merchant, order=order, grant=FULL, now=now)

    new, _ = services.rotate_api_key(merchant=merchant, key_id=old.public_id, overlap=OVERLAP, grant=FULL, now=now)

    old.refresh_from_db()
    assert old.expires_at == now + end
    assert old.status_at(now + end - timedelta(seconds=1)) is KeyStatus.ACTIVE
    assert old.status_at(now + end) is KeyStatus.EXPIRED
    assert new.expires_at == expires_at
