"""What can be wrong with a question about the past."""

from core.errors import Invalid


class InvalidPeriod(Invalid):
    """The period is none that is known, or its ends make no period."""

    code = "INVALID_PERIOD"
    message = "This is not a period that can be reported on."


class UnknownTimezone(Invalid):
    """The name is not in the time zone database."""

    code = "UNKNOWN_TIMEZONE"
    message = "This is not the name of a time zone."
    suggestions = ("Use a name of the IANA time zone database, such as Europe/Berlin or UTC",)


class TooManyBuckets(Invalid):
    """So fine a division of so long a period would not be readable, nor cheap."""

    code = "TOO_MANY_BUCKETS"
    message = "This period has too many parts."
    suggestions = ("Ask for a shorter period", "Group by a longer unit")
