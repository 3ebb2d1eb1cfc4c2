"""Mail where no mail server is set up: shown in the log, and kept as a file, for whoever tries things out."""

from collections.abc import Sequence

import structlog
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

_log = structlog.get_logger(__name__)


class ShownMail(EmailBackend):
    """Writes each mail to EMAIL_FILE_PATH and, with its text, to the log. Not for production: mails hold codes."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Show and keep the mails; return how many."""
        for message in email_messages:
            _log.info("mail", to=", ".join(message.to), subject=message.subject, text=f"\n\n{message.body}\n")
        return super().send_messages(email_messages) or 0
