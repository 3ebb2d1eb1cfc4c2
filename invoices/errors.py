"""What can be wrong with an invoice."""

from core.errors import Conflict, Invalid, NotFound, Unavailable


class InvoiceNotFound(NotFound):
    """No such invoice, or it belongs to somebody else or to the other mode."""

    code = "INVOICE_NOT_FOUND"
    message = "There is no such invoice."


class NoteNotFound(NotFound):
    """No such note, or it belongs to somebody else or to the other mode."""

    code = "NOTE_NOT_FOUND"
    message = "There is no such note."


class SessionNotFound(NotFound):
    """No such checkout session, or one of somebody else or of the other mode."""

    code = "CHECKOUT_SESSION_NOT_FOUND"
    message = "There is no such checkout session."


class InvalidAmount(Invalid):
    """An amount is outside what the merchant's plan allows, or has too many digits."""

    code = "INVALID_AMOUNT"
    message = "This amount is not allowed."


class PricedInAsset(Invalid):
    """The order names an amount of the asset itself, and also what only a price in a currency has."""

    code = "PRICED_IN_ASSET"
    message = "An invoice with a crypto_amount is priced in the asset: this has no meaning beside it."
    suggestions = ("Send either crypto_amount or items.",)


class UnknownCurrency(Invalid):
    """The currency is not one that invoices can be priced in."""

    code = "UNKNOWN_CURRENCY"
    message = "This is not a currency that invoices can be priced in (ISO 4217 code)."


class UnknownAsset(Invalid):
    """The crypto currency is unknown, or not offered on the network asked for."""

    code = "UNKNOWN_CRYPTO_CURRENCY"
    message = "This crypto currency is not available."


class OptionNotOffered(Invalid):
    """The customer chose an asset or a network that the invoice does not offer."""

    code = "PAYMENT_OPTION_NOT_OFFERED"
    message = "This invoice cannot be paid in this crypto currency on this network."
    suggestions = ("Choose one of the invoice's payment_options.",)


class OptionFixed(Conflict):
    """Money has arrived, or the invoice waits for none any more: what it is paid in stays as it is."""

    code = "PAYMENT_OPTION_FIXED"
    message = "What this invoice is paid in can no longer be chosen."


class InvoiceNotCancellable(Conflict):
    """The invoice has ended, or enough money for it is already on its way."""

    code = "INVOICE_NOT_CANCELLABLE"
    message = "This invoice can no longer be cancelled."


class InvoiceNotAcceptable(Conflict):
    """Only an invoice that received some money, but not enough, can be accepted as it is."""

    code = "INVOICE_NOT_ACCEPTABLE"
    message = "Only a partly paid invoice can be accepted as it is."


class InvalidTransition(Conflict):
    """The status change is not one an invoice can make."""

    code = "INVALID_STATUS_TRANSITION"
    message = "An invoice cannot change its status this way."


class AmountsExhausted(Unavailable):
    """So many invoices are open at a shared address that no amount close to this one is free."""

    code = "AMOUNTS_EXHAUSTED"
    message = "Too many open invoices ask for about the same amount at this address."
    suggestions = ("Try again when some of them have ended.", "Add a wallet that gives each invoice its own address.")


class RateUnavailable(Unavailable):
    """No source has given a fresh exchange rate."""

    code = "RATE_UNAVAILABLE"
    message = "There is no fresh exchange rate for this pair at the moment."
    suggestions = ("Try again in a minute.", "Check the rate sources of this installation if it lasts.")


class CustomerNotFound(NotFound):
    """No such customer, or one of somebody else or of the other mode."""

    code = "CUSTOMER_NOT_FOUND"
    message = "There is no such customer."


class CustomerExists(Conflict):
    """The merchant has a customer with this e-mail address."""

    code = "CUSTOMER_EXISTS"
    message = "There is a customer with this e-mail address already."


class LinkNotFound(NotFound):
    """No such payment link, or one of somebody else or of the other mode."""

    code = "PAYMENT_LINK_NOT_FOUND"
    message = "There is no such payment link."


class SlugTaken(Conflict):
    """Another payment link has this slug."""

    code = "SLUG_TAKEN"
    message = "Another payment link has this slug."


class LinkInactive(Conflict):
    """The link is switched off or past its end."""

    code = "PAYMENT_LINK_INACTIVE"
    message = "This payment link is not active."


class LinkUsedUp(Conflict):
    """As many invoices of the link as it allows are paid, or may still be."""

    code = "PAYMENT_LINK_USED_UP"
    message = "All payments of this link have been made or are being made."


class AmountNotOffered(Invalid):
    """The payer's amount is missing, or outside what the link allows."""

    code = "AMOUNT_NOT_OFFERED"
    message = "Say how much you want to pay."


class EmailNeeded(Invalid):
    """The link asks for an e-mail address."""

    code = "EMAIL_NEEDED"
    message = "An e-mail address is needed here."
