"""What people are told when an address or key they gave cannot be used."""

from core.errors import Invalid


class InvalidExtendedKey(Invalid):
    """The text is not an account-level extended public key."""

    code = "INVALID_XPUB"
    message = "This is not an extended public key of an account (xpub)."


class PrivateKeyGiven(Invalid):
    """Somebody pasted what can spend the money. The text is never repeated, logged or stored."""

    code = "PRIVATE_KEY_GIVEN"
    message = (
        "This is a private key or a seed phrase. It was not stored, but it has left your device: move the funds it "
        "controls to a new wallet. Never give such a key to anyone: to receive payments, the extended public key "
        "(xpub) of the account or an address is enough."
    )
    suggestions = ("Move the funds to a new wallet", "Use the new wallet's extended public key or an address of it")
