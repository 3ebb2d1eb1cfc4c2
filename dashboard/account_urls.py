"""
The URLs of people's own accounts, below ``/dashboard/``: allauth's views by the names that allauth knows.

They belong to no merchant; tests/dashboard/test_accounts.py has a table of them.
"""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, path

from dashboard.accounts import devices
from dashboard.accounts.pages import account_page as page

urlpatterns: list[URLPattern] = [
    path("sign-in/", page(account.login), name="account_login"),
    path("sign-in/code/", page(second_factor.authenticate), name="mfa_authenticate"),
    path("sign-in/passkey/", page(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-out/", page(account.logout), name="account_logout"),
    path("sign-up/", page(account.signup), name="account_signup"),
    path("verify/", page(account.email_verification_sent), name="account_email_verification_sent"),
    path("closed/", page(account.account_inactive), name="account_inactive"),
    path("forgotten/", page(account.password_reset), name="account_reset_password"),
    path("forgotten/code/", page(account.confirm_password_reset_code), name="account_confirm_password_reset_code"),
    path("forgotten/new/", page(account.complete_password_reset), name="account_complete_password_reset"),
    path("forgotten/done/", page(account.password_reset_from_key_done), name="account_password_reset_completed"),
    path("account/", page(second_factor.index), name="mfa_index"),
    path("account/e-mail/", page(account.email), name="account_email"),
    path("account/password/", page(account.password_change), name="account_change_password"),
    path("account/password/first/", page(account.password_set), name="account_set_password"),
    path("account/confirm/", page(account.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", page(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", page(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("account/app/", page(totp.activate_totp), name="mfa_activate_totp"),
    path("account/app/remove/", page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", page(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", page(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", page(recovery.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("account/passkeys/", page(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("account/passkeys/add/", page(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", page(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("account/passkeys/<int:pk>/", page(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/devices/", page(devices.device_list), name="usersessions_list"),
]
