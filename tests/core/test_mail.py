"""Where no mail server is set up, mails are read where the programs write, and in a file."""

from django.core.mail import send_mail


def test_a_mail_is_shown_and_kept_as_a_file(settings, tmp_path, capsys):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "core.mail.ShownMail", tmp_path

    sent = send_mail("Your code: BCDF-GHJK", "Enter it on the page.\nSoon.", None, ["ada@example.com"])

    assert sent == 1
    assert capsys.readouterr().err == (
        "\n  | To: ada@example.com\n  | Subject: Your code: BCDF-GHJK\n  | \n  | Enter it on the page.\n  | Soon.\n\n"
    )
    assert "Enter it on the page." in next(tmp_path.iterdir()).read_text()


def test_nothing_in_a_mail_steers_the_terminal(settings, tmp_path, capsys):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "core.mail.ShownMail", tmp_path

    send_mail("Hello", "\x1b[2J of the shop", None, ["ada@example.com"])

    assert "\x1b" not in capsys.readouterr().err
