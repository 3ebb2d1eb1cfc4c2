"""Every write of webhooks, one file per group of use cases."""

from webhooks.orders import EndpointChanges, EndpointOrder, Rotation
from webhooks.services.attempts import Claim, Result
from webhooks.services.claiming import claim_due
from webhooks.services.delivering import attempt, deliver, send
from webhooks.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    update_endpoint,
)
from webhooks.services.forgetting import forget
from webhooks.services.owing import owe
from webhooks.services.recording import record
from webhooks.services.repeating import TestResult, give_up, redeliver, resend, resend_given_up, send_test
from webhooks.services.replaying import Period, continue_replays, replay
from webhooks.services.telling import tell_owners

__all__ = [
    "Claim",
    "EndpointChanges",
    "EndpointOrder",
    "Period",
    "Result",
    "Rotation",
    "TestResult",
    "attempt",
    "claim_due",
    "continue_replays",
    "create_endpoint",
    "delete_endpoint",
    "deliver",
    "forget",
    "give_up",
    "owe",
    "record",
    "redeliver",
    "replay",
    "resend",
    "resend_given_up",
    "rotate_secret",
    "send",
    "send_test",
    "tell_owners",
    "update_endpoint",
]
