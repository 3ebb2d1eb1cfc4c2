"""The self-hosted checkout's API as a wire format."""

from typing import Final

from api.selfhosted.errors import error_answer
from api.selfhosted.shapes import ERROR
from api.wire import WireFormat
from merchants.secrets import KeyFormat

SELFHOSTED: Final = WireFormat(
    name="selfhosted",
    prefix="/selfhosted/",
    keys=KeyFormat.SELFHOSTED,
    error_answer=error_answer,
    error_shape=ERROR,
    credentials={
        "CheckoutKey": {"type": "http", "scheme": "bearer", "description": "A key `ck_live_…` or `ck_test_…`."}
    },
)
