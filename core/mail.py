"""Mail where no mail server is set up: shown where the programs write, and kept as a file."""

import sys
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend


class ShownMail(EmailBackend):
    """Writes each mail to EMAIL_FILE_PATH and to standard error. Not for production: mails hold codes."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Show and keep the mails; return how many."""
        for message in email_messages:
            sys.stderr.write(_shown(message))
            sys.stderr.flush()
        return super().send_messages(email_messages) or 0


def _shown(message: EmailMessage) -> str:
    lines = [f"To: {', '.join(message.to)}", f"Subject: {message.subject}", "", *str(message.body).strip().splitlines()]
    # Names that strangers choose stand in mails: nothing of them steers a terminal.
    harmless = ("".join(sign for sign in line if sign.isprintable()) for line in lines)
    return "\n" + "".join(f"  | {line}\n" for line in harmless) + "\n"
