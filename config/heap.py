"""What a process has loaded when it begins to work stays as long as it: the garbage collector passes it by.

Otherwise it walks through a whole Django, hundreds of thousands of objects, whenever enough has been made since.
That was a fifth of the time of a worker that sends webhooks, and now and then one of them waited for it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def settle() -> None:
    """Take everything there is now for lasting. Called once, between loading and the first piece of work."""
    gc.collect()
    gc.freeze()


@contextmanager
def loading() -> Iterator[None]:
    """
    Take everything there is after the block for lasting, without having looked for rubbish in it meanwhile.

    Nearly all that a start makes stays: looking took a fifth of the time until the first answer.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
