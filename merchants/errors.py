"""What can be wrong with merchants, keys and wallets. Each code has its section in docs/errors.md."""

from core.errors import Conflict, Denied, Invalid, NotFound


class SignUpClosed(Denied):
    """The operator does not let anybody sign up, or only whom they invite."""

    code = "SIGNUP_CLOSED"
    message = "This installation takes no new merchants by itself."
    suggestions = ("Ask its operator for an account",)


class UnknownPlan(Invalid):
    code = "UNKNOWN_PLAN"
    message = "There is no such plan."


class PlanNotAvailable(Invalid):
    """The plan exists, but only the staff can give it."""

    code = "PLAN_NOT_AVAILABLE"
    message = "This plan has to be agreed with the operator."


class PlanLimitReached(Conflict):
    """The plan allows no more of this; ``constraints`` has the limit."""

    code = "PLAN_LIMIT_REACHED"
    message = "Your plan allows no more."
    suggestions = ("Ask for a larger plan",)


class MerchantSuspended(Denied):
    code = "MERCHANT_SUSPENDED"
    message = "This merchant account is suspended."
    suggestions = ("Contact the operator of this installation",)


class InvalidSetting(Invalid):
    code = "INVALID_SETTING"
    message = "This setting is not valid."


class UnknownSetting(Invalid):
    code = "UNKNOWN_FIELD"
    message = "There is no setting of this name."


class MerchantChanged(Conflict):
    """Two people changed it at once; the second is told, and nothing of theirs was kept."""

    code = "MERCHANT_CHANGED"
    message = "Meanwhile somebody else changed this."
    suggestions = ("Read what holds now, then send the change again",)


class MemberNotFound(NotFound):
    code = "MEMBER_NOT_FOUND"
    message = "There is no such member."


class InvitationNotFound(NotFound):
    """It was withdrawn, used, is too old, or never was: the four are told alike."""

    code = "INVITATION_NOT_FOUND"
    message = "This invitation no longer works."
    suggestions = ("Ask whoever invited you for another one",)


class InvitationForAnother(Denied):
    """The link belongs to the person who reads the address it was mailed to."""

    code = "INVITATION_FOR_ANOTHER"
    message = "This invitation is for another e-mail address."
    suggestions = ("Sign out, and come back with the login of that address",)


class AlreadyMember(Conflict):
    code = "ALREADY_MEMBER"
    message = "This person is a member already."


class LastOwner(Conflict):
    """Somebody must be able to change everything."""

    code = "LAST_OWNER"
    message = "This is the only owner. Make somebody else an owner first."


class OwnersOnly(Denied):
    """Admins manage the team, but not those who could remove them."""

    code = "OWNERS_ONLY"
    message = "Only an owner makes, changes and removes owners."


class APIKeyNotFound(NotFound):
    code = "API_KEY_NOT_FOUND"
    message = "There is no such API key."


class APIKeyInactive(Conflict):
    """The key is revoked or expired: it can no longer be changed or rotated."""

    code = "API_KEY_INACTIVE"
    message = "This API key is no longer active."
    suggestions = ("Create a new key",)


class PermissionNotHeld(Denied):
    """A key never grants what its creator lacks."""

    code = "PERMISSION_NOT_HELD"
    message = "A key cannot grant a permission that it does not have itself."


class UnknownPermission(Invalid):
    code = "UNKNOWN_PERMISSION"
    message = "There is no such permission."


class InvalidExpiry(Invalid):
    code = "INVALID_EXPIRY"
    message = "The end must lie in the future."


class LiveModeRequired(Denied):
    """Test keys live in the test world; they neither make nor see live keys."""

    code = "LIVE_KEY_REQUIRED"
    message = "This needs a live API key."


class WalletNotFound(NotFound):
    code = "WALLET_NOT_FOUND"
    message = "There is no such wallet."


class WalletExists(Conflict):
    code = "WALLET_EXISTS"
    message = "There is already a wallet for this network. Remove it first."


class WalletInUse(Conflict):
    """Two merchants with one extended key would be given the same addresses."""

    code = "WALLET_IN_USE"
    message = "This extended public key is already in use on this network."
    suggestions = ("Use a key of an account that no other merchant here uses",)


class WrongWalletKind(Conflict):
    """Only a pool is a list that grows."""

    code = "WRONG_WALLET_KIND"
    message = "Only a wallet of the kind pool takes more addresses."


class VaultUnavailable(Invalid):
    """A vault holds private keys; this installation keeps none, or cannot sign on the network."""

    code = "VAULT_UNAVAILABLE"
    message = "This installation keeps no private keys, so it has no vaults."
    suggestions = ("Give an extended public key, a list of addresses or one address",)


class InvalidWalletAddress(Invalid):
    """The text is not an address on the network, or the wrong number of them was given."""

    code = "INVALID_ADDRESS"
    message = "This is not an address on this network."


class DuplicateAddress(Invalid):
    """An address is handed out once, so it is listed once."""

    code = "DUPLICATE_ADDRESS"
    message = "This address is listed twice."


class AddressInUse(Conflict):
    """The address is on a list already, or was handed out before: its payments could not be told apart."""

    code = "ADDRESS_IN_USE"
    message = "This address is in use here, or was in use before."
    suggestions = ("Use addresses that were never given to this installation",)


class UnknownNetwork(Invalid):
    code = "UNKNOWN_NETWORK"
    message = "This installation has no network of this name."


class NetworkUnavailable(Invalid):
    """The network is known, but this installation has no node to watch it with."""

    code = "NETWORK_UNAVAILABLE"
    message = "This installation does not watch this network."


class NoWalletConfigured(Invalid):
    """There is no wallet on the network that the invoice could be paid to."""

    code = "NO_WALLET_CONFIGURED"
    message = "No wallet is configured for this network."
    suggestions = ("Add a wallet with POST /api/v1/wallets",)


class InvalidTransition(Conflict):
    code = "INVALID_MERCHANT_STATUS"
    message = "The merchant's present status does not allow this."


class InvalidPlatformFee(Invalid):
    """The platform's share of what a merchant's invoices bring has bounds."""

    code = "INVALID_PLATFORM_FEE"
    message = "The platform fee is a percentage from 0.1 to 5 with at most two digits after the point."


class InvalidPlanLimits(Invalid):
    """What a plan allows has to make sense."""

    code = "INVALID_PLAN_LIMITS"
    message = "A plan allows at least two API keys, and its smallest invoice is not above its largest."


class PlanExists(Conflict):
    """The code is a plan's key."""

    code = "PLAN_EXISTS"
    message = "There is a plan with this code."
