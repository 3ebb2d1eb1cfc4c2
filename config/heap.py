"""What a process has loaded when it begins to work stays as long as it: the garbage collector passes it by.

Otherwise it walks through a whole Django, hundreds of thousands of objects, whenever enough has been made since.
That was a fifth of the time of a worker that sends webhooks, and now and then one of them waited for it.
"""

import gc


def settle() -> None:
    """Take everything there is now for lasting. Called once, between loading and the first piece of work."""
    gc.collect()
    gc.freeze()
