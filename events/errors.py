"""What can go wrong with reading the log. Each code has its section in docs/errors.md."""

from core.errors import NotFound


class EventNotFound(NotFound):
    code = "EVENT_NOT_FOUND"
    message = "No such event."
