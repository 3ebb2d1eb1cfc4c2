"""Merchants and what they own: members, API keys, wallets, and what they have used of their plan."""

from merchants.models.keys import APIKey, KeyStatus, LoggedRequest
from merchants.models.merchant import Logo, Merchant, MerchantStatus, Plan, Usage, UsageCount
from merchants.models.people import Invitation, Member, OwedMail, Role
from merchants.models.wallets import NoticeKind, VaultSecret, Wallet, WalletAddress, WalletKind, WalletNotice

__all__ = [
    "APIKey",
    "Invitation",
    "KeyStatus",
    "LoggedRequest",
    "Logo",
    "Member",
    "Merchant",
    "MerchantStatus",
    "NoticeKind",
    "OwedMail",
    "Plan",
    "Role",
    "Usage",
    "UsageCount",
    "VaultSecret",
    "Wallet",
    "WalletAddress",
    "WalletKind",
    "WalletNotice",
]
