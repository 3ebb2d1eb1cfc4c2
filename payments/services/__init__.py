"""Every write of this app: one function, one use case, one transaction."""

from payments.services.deposits import Resolution, resolve_deposit
from payments.services.ledger import Reading, fail_stale, record_reading
from payments.services.options import choose_option, may_choose
from payments.services.refunds import (
    RefundOrder,
    RefundRate,
    accept_invoice,
    cancel_invoice,
    cancel_refund,
    check_refund_destination,
    claim_refund,
    complete_refund,
    open_surplus_refund,
    request_refund,
    send_refund,
    set_refund_address,
)
from payments.services.rescan import Progress, rescan
from payments.services.rescans import continue_rescans, order_rescan, stop_rescan
from payments.services.sandbox import (
    SentTransfer,
    TransferOrder,
    end_time,
    give_up_transfer,
    mine_blocks,
    reorganise,
    send_transfer,
)
from payments.services.scanner import scan
from payments.services.second_pass import close_finding, verify
from payments.services.sightings import Outcome, Sighting, look_for
from payments.services.vaults import look_after_payouts

__all__ = [
    "Outcome",
    "Progress",
    "Reading",
    "RefundOrder",
    "RefundRate",
    "Resolution",
    "SentTransfer",
    "Sighting",
    "TransferOrder",
    "accept_invoice",
    "cancel_invoice",
    "cancel_refund",
    "check_refund_destination",
    "choose_option",
    "claim_refund",
    "close_finding",
    "complete_refund",
    "continue_rescans",
    "end_time",
    "fail_stale",
    "give_up_transfer",
    "look_after_payouts",
    "look_for",
    "may_choose",
    "mine_blocks",
    "open_surplus_refund",
    "order_rescan",
    "record_reading",
    "reorganise",
    "request_refund",
    "rescan",
    "resolve_deposit",
    "scan",
    "send_refund",
    "send_transfer",
    "set_refund_address",
    "stop_rescan",
    "verify",
]
