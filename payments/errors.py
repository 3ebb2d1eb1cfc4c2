"""What can be wrong with a payment, a deposit or a refund."""

from core.errors import Conflict, Invalid, NotFound


class PaymentNotFound(NotFound):
    """No such payment, or it belongs to somebody else or to the other mode."""

    code = "PAYMENT_NOT_FOUND"
    message = "There is no such payment."


class RefundNotFound(NotFound):
    """No such refund, or it belongs to somebody else or to the other mode."""

    code = "REFUND_NOT_FOUND"
    message = "There is no such refund."


class NothingToRefund(Conflict):
    """No confirmed money is left that has not been refunded already."""

    code = "NOTHING_TO_REFUND"
    message = "There is nothing left to refund on this invoice."


class RefundTooLarge(Invalid):
    """The refund is more than what was received and not yet refunded."""

    code = "REFUND_TOO_LARGE"
    message = "This is more than can be refunded."


class InvalidAddress(Invalid):
    """The text is not an address on this network."""

    code = "INVALID_ADDRESS"
    message = "This is not an address on this network."


class RefundNotOpen(Conflict):
    """The refund was completed or cancelled before."""

    code = "REFUND_NOT_OPEN"
    message = "This refund is not open any more."


class DepositNotInReview(Conflict):
    """The deposit waits for no decision."""

    code = "DEPOSIT_NOT_IN_REVIEW"
    message = "This deposit is not waiting for a decision."


class DepositNotAcceptable(Conflict):
    """The invoice has been cancelled or refunded: money cannot be counted towards it any more."""

    code = "DEPOSIT_NOT_ACCEPTABLE"
    message = "This invoice has ended; the deposit can be refunded or ignored."
