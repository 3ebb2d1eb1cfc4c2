"""Every write of merchants, one file per group of use cases."""

from merchants.services.accounts import (
    MerchantChanges,
    change_plan,
    reactivate,
    rotate_webhook_secret,
    set_platform_fee,
    suspend,
    update_merchant,
)
from merchants.services.destinations import IssuedDestination, issue_destination
from merchants.services.invitations import invitation_link, invite_again, invite_waiting
from merchants.services.keys import (
    Grant,
    KeyChanges,
    KeyOrder,
    create_api_key,
    report_exposure,
    revoke_api_key,
    rotate_api_key,
    touch_api_key,
    update_api_key,
)
from merchants.services.mailing import choose_notifications, owe_mails, owed_events, prune_mails, send_mails
from merchants.services.notices import notice, tell_of_wallets
from merchants.services.people import confirm_address, login_name
from merchants.services.plans import PlanLimits, change_plan_limits, copy_plan
from merchants.services.signing_up import SignedUp, SignUp, sign_up
from merchants.services.team import (
    accept_invitation,
    change_role,
    invite_member,
    remove_member,
    withdraw_invitation,
)
from merchants.services.usage import count_invoice
from merchants.services.vaults import OpenedVault, gas_address, open_vault, preview_vault
from merchants.services.wallets import add_addresses, add_wallet, first_addresses, preview_wallet, remove_wallet

__all__ = [
    "Grant",
    "IssuedDestination",
    "KeyChanges",
    "KeyOrder",
    "MerchantChanges",
    "OpenedVault",
    "PlanLimits",
    "SignUp",
    "SignedUp",
    "accept_invitation",
    "add_addresses",
    "add_wallet",
    "change_plan",
    "change_plan_limits",
    "change_role",
    "choose_notifications",
    "confirm_address",
    "copy_plan",
    "count_invoice",
    "create_api_key",
    "first_addresses",
    "gas_address",
    "invitation_link",
    "invite_again",
    "invite_member",
    "invite_waiting",
    "issue_destination",
    "login_name",
    "notice",
    "open_vault",
    "owe_mails",
    "owed_events",
    "preview_vault",
    "preview_wallet",
    "prune_mails",
    "reactivate",
    "remove_member",
    "remove_wallet",
    "report_exposure",
    "revoke_api_key",
    "rotate_api_key",
    "rotate_webhook_secret",
    "send_mails",
    "set_platform_fee",
    "sign_up",
    "suspend",
    "tell_of_wallets",
    "touch_api_key",
    "update_api_key",
    "update_merchant",
    "withdraw_invitation",
]
