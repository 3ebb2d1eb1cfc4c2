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
        "This is a private key or a seed phrase. It was not stored. Never give it to anyone: "
        "only the extended public key (xpub) of the account is needed to receive payments."
    )
