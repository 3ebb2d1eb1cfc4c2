"""Where no mail server is set up, mails are read in the log and in a file."""

import logging

from django.core.mail import send_mail


def test_a_mail_is_shown_in_the_log_and_kept_as_a_file(settings, tmp_path, caplog):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "core.mail.ShownMail", tmp_path
    caplog.set_level(logging.INFO)

    sent = send_mail("Your code: BCDF-GHJK", "Enter it on the page.", None, ["ada@example.com"])

    assert sent == 1
    said = "\n".join(str(record.msg) + record.getMessage() for record in caplog.records)
    for part in ("ada@example.com", "BCDF-GHJK", "Enter it on the page."):
        assert part in said
    assert "Enter it on the page." in next(tmp_path.iterdir()).read_text()
