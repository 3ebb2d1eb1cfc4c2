"""Wallets at the desk: choose, give, compare, add; a private key is refused and not shown again."""

import re
from html import unescape

import pytest

from chains import seeds
from events.models import Event
from merchants.models import Wallet, WalletAddress
from tests.chains.test_addresses import ETH_ACCOUNT, PHRASE, VECTOR_1_MASTER_PRIVATE

FIRST = [
    "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0",
    "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A",
]
TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
ADD = "/dashboard/wallets/add/"
KEY = {"network": "ethereum", "kind": "xpub", "xpub": ETH_ACCOUNT}
POOL = {"network": "ethereum", "kind": "pool", "addresses": "\n".join(FIRST[:2])}
SINGLE = {"network": "ethereum", "kind": "single", "address": FIRST[0]}

pytestmark = pytest.mark.django_db


def hidden(answer):
    """Return what a page's form carries along unseen."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def test_the_choice_offers_each_network_without_a_wallet(owner):
    owner.post(ADD, {**KEY, "step": "add", "compared": "on"})

    page = owner.get(ADD).content.decode()

    assert "?network=tron&amp;kind=xpub" in page
    assert "network=ethereum" not in page
    assert "polygon" not in page


def test_who_finds_no_network_learns_whether_all_have_a_wallet_or_none_is_watched(owner, settings):
    settings.CHAINS = {"tron": settings.CHAINS["tron"]}
    owner.post(ADD, {"network": "tron", "kind": "pool", "addresses": TRON, "step": "add", "compared": "on"})
    all_have_one = owner.get(ADD).content.decode()
    settings.CHAINS = {}
    none_is_watched = owner.get(ADD).content.decode()

    assert "has a wallet. Remove one to replace it" in all_have_one
    assert "has a wallet" not in none_is_watched
    assert "This installation watches no network yet" in none_is_watched


@pytest.mark.parametrize(("order", "shown"), [(KEY, FIRST), (POOL, FIRST[:2]), (SINGLE, FIRST[:1])])
def test_a_wallet_is_compared_before_it_is_added(owner, order, shown):
    form = owner.get(ADD, {"network": "ethereum", "kind": order["kind"]})
    assert form.status_code == 200

    preview = owner.post(ADD, {**order, "step": "preview"})

    assert preview.status_code == 200
    for address in shown:
        assert address in preview.content.decode()
    assert not Wallet.objects.exists()
    without_a_look = owner.post(ADD, {**hidden(preview), "step": "add"})
    assert without_a_look.status_code == 200
    assert not Wallet.objects.exists()
    added = owner.post(ADD, {**hidden(preview), "step": "add", "compared": "on"})
    assert (added.status_code, added["Location"]) == (302, "/dashboard/wallets/")
    listed = owner.get("/dashboard/wallets/").content.decode()
    assert "The wallet was added" in listed
    assert shown[0] in listed
    event = Event.objects.get(type="wallet.created")
    assert event.actor.startswith("user:")


@pytest.mark.parametrize("secret", [PHRASE, VECTOR_1_MASTER_PRIVATE, "\n".join(PHRASE.split())])
@pytest.mark.parametrize(("order", "field"), [(KEY, "xpub"), (POOL, "addresses"), (SINGLE, "address")])
@pytest.mark.parametrize("step", ["preview", "add"])
def test_a_private_key_is_refused_and_not_shown_again(owner, order, field, secret, step):
    answer = owner.post(ADD, {**order, field: secret, "step": step, "compared": "on"})

    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "move the funds" in page
    assert secret not in page
    assert PHRASE.split()[0] not in page
    assert not Wallet.objects.exists()


def test_no_line_of_a_seed_phrase_pasted_among_addresses_is_shown_again(owner):
    owner.post(ADD, {**POOL, "step": "add", "compared": "on"})
    wallet = Wallet.objects.get()

    answer = owner.post(f"/dashboard/wallets/{wallet.public_id}/addresses/", {"addresses": f"{FIRST[2]}\n{PHRASE}"})

    assert answer.status_code == 422
    assert PHRASE not in unescape(answer.content.decode())
    assert WalletAddress.objects.count() == 2


def test_a_wrong_line_is_named_and_the_list_stays_to_be_corrected(owner):
    answer = owner.post(ADD, {**POOL, "addresses": f"{FIRST[0]}\n\n0x1234", "step": "preview"})

    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Line 2: This is not an address on Ethereum." in page
    assert FIRST[0] in page


def test_a_pool_grows(owner):
    owner.post(ADD, {**POOL, "step": "add", "compared": "on"})
    path = f"/dashboard/wallets/{Wallet.objects.get().public_id}/addresses/"
    assert owner.get(path).status_code == 200

    answer = owner.post(path, {"addresses": FIRST[2]})

    assert answer["Location"] == "/dashboard/wallets/"
    assert WalletAddress.objects.count() == 3
    assert "Only 3 unused addresses are left" in owner.get("/dashboard/wallets/").content.decode()


def test_removing_asks_once_more(owner):
    owner.post(ADD, {**KEY, "step": "add", "compared": "on"})
    path = f"/dashboard/wallets/{Wallet.objects.get().public_id}/remove/"

    assert FIRST[0] in owner.get(path).content.decode()
    assert Wallet.objects.get().is_active
    assert owner.post(path)["Location"] == "/dashboard/wallets/"
    assert not Wallet.objects.get().is_active
    assert owner.get(path).status_code == 404


def test_a_gap_that_wallet_apps_do_not_look_across_is_pointed_out(owner):
    owner.post(ADD, {**KEY, "step": "add", "compared": "on"})
    Wallet.objects.update(next_index=21)

    assert "gap limit" in owner.get("/dashboard/wallets/").content.decode()


@pytest.mark.parametrize(
    ("network", "kind"), [("mars", "xpub"), ("sandbox", "xpub"), ("polygon", "xpub"), ("ethereum", "bank"), ("", "")]
)
def test_what_cannot_be_chosen_leads_back_to_the_choice(owner, network, kind):
    assert b"Choose the network" in owner.get(ADD, {"network": network, "kind": kind}).content


def test_a_second_wallet_on_a_network_is_refused(owner):
    owner.post(ADD, {**KEY, "step": "add", "compared": "on"})

    answer = owner.post(ADD, {**SINGLE, "step": "add", "compared": "on"})

    assert answer.status_code == 422
    assert b"There is already a wallet for this network" in answer.content


def test_nothing_typed_is_remembered_or_sent_to_a_spelling_service(owner):
    page = owner.get(ADD, {"network": "ethereum", "kind": "xpub"}).content.decode()

    area = re.search(r"<textarea[^>]*>", page)[0]
    assert 'autocomplete="off"' in area
    assert 'spellcheck="false"' in area


class TestVaults:
    OPEN = "/dashboard/wallets/vault/"

    @pytest.fixture
    def keys(self, settings):
        settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]

    def test_one_is_offered_only_where_keys_are_kept(self, owner, settings):
        assert "kind=vault" not in owner.get(ADD).content.decode()

        settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]

        assert "?network=ethereum&amp;kind=vault" in owner.get(ADD).content.decode()
        assert owner.get(f"{ADD}?network=ethereum&kind=vault")["Location"] == f"{self.OPEN}?network=ethereum"

    @pytest.mark.usefixtures("keys")
    def test_its_words_are_shown_once_and_give_its_addresses(self, owner):
        opened = owner.post(self.OPEN, {"network": "ethereum", "forward_to": FIRST[1]})

        words = re.findall(r"<li><code>([a-z]+)</code></li>", opened.content.decode())
        phrase, wallet = " ".join(words), Wallet.objects.get()
        assert (wallet.kind, wallet.forward_to) == ("vault", FIRST[1])
        assert wallet.xpub == seeds.account_key("evm", phrase)
        assert opened["Cache-Control"] == "no-store"
        listed = owner.get("/dashboard/wallets/").content.decode()
        assert seeds.address_of("evm", phrase, "1/0") in listed
        assert phrase not in listed
        assert not any(phrase in str(event.data) for event in Event.objects.all())

    @pytest.mark.usefixtures("keys")
    @pytest.mark.parametrize(
        ("target", "shown_again"), [("0x12", True), (PHRASE, False), ("TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", True)]
    )
    def test_a_wrong_target_is_told_and_a_private_key_is_not_repeated(self, owner, target, shown_again):
        refused = owner.post(self.OPEN, {"network": "ethereum", "forward_to": target})

        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == ["forward_to"]
        assert (target in unescape(refused.content.decode())) is shown_again
        assert not Wallet.objects.exists()

    def test_without_keys_none_is_opened(self, owner):
        assert owner.post(self.OPEN, {"network": "ethereum"}).status_code == 422
        assert not Wallet.objects.exists()
