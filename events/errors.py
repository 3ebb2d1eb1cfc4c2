"""What can go wrong with reading the log. Each code has its section in docs/errors.md."""

from core.errors import Conflict, NotFound


class EventNotFound(NotFound):
    code = "EVENT_NOT_FOUND"
    message = "No such event."


class ArchiveBroken(Exception):
    """A file of the audit log, or what should go into one, is not what was sealed. Told to operators only."""


class StillFails(Conflict):
    """What failed was tried again, and failed again."""

    code = "STILL_FAILS"
    message = "It failed again."


class UnknownTask(Conflict):
    """The program no longer has this task: it was renamed or removed since it failed."""

    code = "UNKNOWN_TASK"
    message = "There is no such task any more. Forget it."
