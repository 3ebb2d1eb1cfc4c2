"""What can go wrong when somebody becomes staff, or is no more. Only commands on the machine say so."""

from core.errors import Invalid, NotFound


class UnknownGroup(Invalid):
    code = "UNKNOWN_STAFF_GROUP"
    message = "There is no such group of the staff."


class UnknownPerson(NotFound):
    code = "UNKNOWN_STAFF"
    message = "Nobody of the staff has this address."


class BackupFailed(Exception):
    """A copy of the database could not be made, read or restored; the text says why. For operators only."""
