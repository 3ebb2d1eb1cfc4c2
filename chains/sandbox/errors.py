"""What the sandbox chain refuses."""

from core.errors import Invalid


class NotASandboxAddress(Invalid):
    """The recipient is not an address of this chain."""

    code = "INVALID_ADDRESS"
    message = "This is not a sandbox address."


class InvalidTransferAmount(Invalid):
    """A transfer moves at least one base unit, and no more than a uint256 can hold."""

    code = "INVALID_AMOUNT"
    message = "The amount must be above zero and no more than a chain can hold."


class InvalidBlockCount(Invalid):
    """So many blocks cannot be made at once."""

    code = "INVALID_BLOCK_COUNT"
    message = "This number of blocks cannot be made at once."


class InvalidReorgDepth(Invalid):
    """A reorg replaces blocks that exist, and not too many of them."""

    code = "INVALID_REORG_DEPTH"
    message = "The chain cannot be reorganised to this depth."
