"""What can be wrong with a payment, a deposit or a refund."""

from core.errors import Conflict, Denied, Invalid, NotFound


class PaymentNotFound(NotFound):
    """No such payment, or it belongs to somebody else or to the other mode."""

    code = "PAYMENT_NOT_FOUND"
    message = "There is no such payment."


class RefundNotFound(NotFound):
    """No such refund, or it belongs to somebody else or to the other mode."""

    code = "REFUND_NOT_FOUND"
    message = "There is no such refund."


class SettlementNotFound(NotFound):
    """No such settlement, or it belongs to somebody else or to the other mode."""

    code = "SETTLEMENT_NOT_FOUND"
    message = "There is no such settlement."


class NothingToRefund(Conflict):
    """No confirmed money is left that has not been refunded already."""

    code = "NOTHING_TO_REFUND"
    message = "There is nothing left to refund on this invoice."


class RefundableChanged(Conflict):
    """The refund was asked for when something else was left: it was asked for twice, or a payment came or left."""

    code = "REFUNDABLE_CHANGED"
    message = "What can be refunded has changed meanwhile: look at it again. Nothing was done."


class RefundTooLarge(Invalid):
    """The refund is more than what was received and not yet refunded."""

    code = "REFUND_TOO_LARGE"
    message = "This is more than can be refunded."


class RefundTooSmall(Invalid):
    """The chain carries no such small amount to a new address."""

    code = "REFUND_TOO_SMALL"
    message = "This is less than the network carries."


class InvalidAddress(Invalid):
    """The text is not an address on this network."""

    code = "INVALID_ADDRESS"
    message = "This is not an address on this network."


class RefundNotOpen(Conflict):
    """The refund was completed or cancelled before."""

    code = "REFUND_NOT_OPEN"
    message = "This refund is not open any more."


class RefundTransactionTaken(Conflict):
    """The chain has shown that the transaction is that of another refund."""

    code = "REFUND_TRANSACTION_TAKEN"
    message = "This transaction is that of another refund already."


class DepositNotInReview(Conflict):
    """The deposit waits for no decision."""

    code = "DEPOSIT_NOT_IN_REVIEW"
    message = "This deposit is not waiting for a decision."


class DepositNeedsInvoice(Invalid):
    """The deposit matched no invoice: whoever accepts it says which one it is for."""

    code = "DEPOSIT_NEEDS_INVOICE"
    message = "This deposit matched no invoice; say which one it is for."


class DepositNotAcceptable(Conflict):
    """The invoice has been cancelled or refunded, or is not one that the deposit can be for."""

    code = "DEPOSIT_NOT_ACCEPTABLE"
    message = "This invoice has ended; the deposit can be refunded or ignored."


class LiveKeyNotAllowed(Denied):
    """The sandbox chain belongs to the test world; a live key has no business there."""

    code = "LIVE_KEY_NOT_ALLOWED"
    message = "This needs a test API key (sk_test_…)."
    suggestions = ("Use the test key you were given at sign-up, or create one with key_type test",)


class NothingDue(Invalid):
    """Without an amount a sandbox transfer sends what an invoice waits for; here nothing is, or it is unknown."""

    code = "AMOUNT_REQUIRED"
    message = "Nothing is due in this asset at this address; say how much to send."


class ForeignTransfer(NotFound):
    """A reorg may drop only transfers to the caller's own invoices."""

    code = "TRANSFER_NOT_FOUND"
    message = "There is no such transfer to one of your invoices."


class TransferStands(Conflict):
    """Only what left the sandbox chain can have stayed away from it."""

    code = "TRANSFER_STANDS"
    message = "This transfer is on the chain, or waits to be. A reorg that drops it takes it away."


class RefundNotFromVault(Conflict):
    """The gateway has no key to the address that was paid: the merchant sends the refund."""

    code = "REFUND_NOT_FROM_VAULT"
    message = "This invoice was not paid to a vault, so you send the refund from your own wallet."


class RefundNotSendable(Conflict):
    """The refund has no address yet, or is held because the money it returns is not confirmed."""

    code = "REFUND_NOT_SENDABLE"
    message = "This refund cannot be sent now."


class PayoutNotFound(NotFound):
    """No such payout, or it belongs to somebody else; there are none in test mode."""

    code = "PAYOUT_NOT_FOUND"
    message = "There is no such payout."


class PayoutNotOpen(Conflict):
    """The payout is past the point where this could be decided."""

    code = "PAYOUT_NOT_OPEN"
    message = "This payout is past the point where this could be decided."


class PayoutUnresolved(Conflict):
    """Nothing proves yet that the payout's transaction can never be carried out."""

    code = "PAYOUT_UNRESOLVED"
    message = "Nothing proves yet that the transaction of this payout can never be carried out."
