"""The team at the desk, and the page that an invitation leads to."""

import re
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants import services, tasks
from merchants.models import Invitation, Member
from tests.dashboard.people import PASSWORD, sign_in
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

TEAM = "/dashboard/team/"


def invite(client, email="bob@example.com", role="developer"):
    return client.post("/dashboard/team/invite/", {"email": email, "role": role})


def mailed_link(to="bob@example.com"):
    tasks.invite_members()
    message = next(each for each in reversed(mail.outbox) if each.to == [to])
    return re.search(r"http://testserver(/dashboard/invitation/\S+/)", message.body)[1]


def test_inviting_lists_the_offer_and_mails_it(owner):
    assert invite(owner)["Location"] == TEAM

    page = owner.get(TEAM).content.decode()
    assert "bob@example.com" in page
    assert "Withdraw" in page
    assert mailed_link()


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"email": "nonsense", "role": "viewer"}, "Enter a valid email address"),
        ({"email": "bob@example.com", "role": "king"}, "Select a valid choice"),
        ({"email": "person@example.com", "role": "viewer"}, "a member already"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(owner, merchant, order, problem):
    get_user_model().objects.filter(username="person@example.com").update(email="person@example.com")

    answer = invite(owner, **order)

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Invitation.objects.exists()


def test_admins_are_not_offered_to_make_owners_and_cannot(seat):
    admin = seat("admin")

    assert b"Owner \xe2\x80\x93" not in admin.get("/dashboard/team/invite/").content
    assert invite(admin, role="owner").status_code == 422
    assert not Invitation.objects.exists()


def test_a_newcomer_joins_with_a_new_login(owner, merchant):
    invite(owner)
    visitor = Client()
    link = mailed_link()
    assert b"Choose a password" in visitor.get(link).content

    weak = visitor.post(link, {"password": "12345"})
    joined = visitor.post(link, {"password": PASSWORD})

    assert weak.status_code == 422
    assert joined["Location"] == "/dashboard/"
    member = Member.objects.get(user__email="bob@example.com")
    assert (member.merchant, member.role) == (merchant, "developer")
    assert EmailAddress.objects.get(user=member.user).verified
    assert b"Welcome to the team" in visitor.get("/dashboard/", follow=True).content
    assert sign_in(Client(), "bob@example.com")["Location"] == "/dashboard/"
    assert Client().get(link).status_code == 404


def test_who_has_a_login_signs_in_and_joins(owner, merchant):
    bob = get_user_model().objects.create_user("bob@example.com", "bob@example.com", PASSWORD)
    services.confirm_address(user=bob)
    invite(owner)
    visitor, link = Client(), mailed_link()
    page = visitor.get(link).content.decode()
    assert f"/dashboard/sign-in/?next={quote(link)}" in page
    assert visitor.post(link, {"password": "another password altogether"}).status_code == 200
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)  # a link in a mailbox changes nobody's password

    assert sign_in(visitor, "bob@example.com", next=link)["Location"] == link
    assert visitor.post(link)["Location"] == "/dashboard/"
    assert Member.objects.filter(user=bob, merchant=merchant).exists()


def test_who_is_signed_in_as_somebody_else_is_told_so(owner, seat):
    invite(owner)
    link = mailed_link()
    other = seat("owner", of=make_merchant(timezone.now(), email="c@example.com"), name="mallory")

    assert b"This invitation is for another address" in other.get(link).content
    refused = other.post(link)

    assert refused.status_code == 403
    assert Invitation.objects.get().accepted_at is None


def test_an_invitation_is_sent_again(owner):
    invite(owner)
    first = mailed_link()
    offer = Invitation.objects.get()

    owner.post(reverse("dashboard:team_invite_again", args=[offer.public_id]))

    assert mailed_link() == first
    assert len([message for message in mail.outbox if message.to == ["bob@example.com"]]) == 2


def test_a_withdrawn_invitation_opens_nothing(owner):
    invite(owner)
    link, offer = mailed_link(), Invitation.objects.get()

    owner.post(reverse("dashboard:team_withdraw", args=[offer.public_id]))

    assert Client().get(link).status_code == 404
    assert b"no longer works" in Client().get(link).content
    assert b"bob@example.com" not in owner.get(TEAM).content


def test_roles_are_changed_and_members_removed(owner, merchant, seat):
    colleague = seat("viewer", name="colleague")
    member = Member.objects.get(user__username="colleague@example.com")

    owner.post(reverse("dashboard:team_role", args=[member.public_id]), {"role": "admin"})
    assert colleague.get("/dashboard/wallets/add/").status_code == 200
    owner.post(reverse("dashboard:team_remove", args=[member.public_id]))

    answer = colleague.get("/dashboard/wallets/")
    assert answer.status_code == 403
    assert b"belong to no merchant" in answer.content


def test_the_last_owner_is_told_why_not(seat, merchant):
    merchant.members.all().delete()
    owner = seat("owner")
    member = merchant.members.get()

    left = owner.post("/dashboard/team/leave/", {"leave": "1"})
    lowered = owner.post(reverse("dashboard:team_role", args=[member.public_id]), {"role": "viewer"})

    assert (left.status_code, lowered.status_code) == (409, 422)
    assert b"the only owner" in left.content
    assert b"the only owner" in lowered.content


def test_anybody_leaves(seat):
    viewer = seat("viewer")

    viewer.post("/dashboard/team/leave/", {"leave": "1"})

    assert viewer.get("/dashboard/wallets/").status_code == 403


def test_mails_in_a_merchants_name_have_a_limit(owner):
    answers = [invite(owner, email=f"p{n}@example.com").status_code for n in range(31)]

    assert answers == [302] * 30 + [422]
    assert Invitation.objects.count() == 30


def test_a_person_opens_another_business_and_works_in_it(owner, merchant):
    answer = owner.post("/dashboard/business/new/", {"business_name": "Second Shop"})

    assert answer["Location"] == "/dashboard/"
    second = Member.objects.exclude(merchant=merchant).get(user__username="person@example.com")
    assert (second.role, second.merchant.business_name) == ("owner", "Second Shop")
    assert b"Second Shop</title>" in owner.get(TEAM).content


def test_who_belongs_to_no_merchant_is_shown_a_way(seat, merchant):
    client = seat("viewer")
    client.post("/dashboard/team/leave/", {"leave": "1"})

    assert b"Open a business" in client.get("/dashboard/wallets/").content
    client.post("/dashboard/business/new/", {"business_name": "My own"})

    assert client.get("/dashboard/wallets/").status_code == 200


@pytest.mark.parametrize("policy", ["invite", "closed"])
def test_nobody_opens_a_business_where_the_operator_takes_none(owner, settings, policy):
    settings.MERCHANT_SIGNUP = policy

    answer = owner.post("/dashboard/business/new/", {"business_name": "Second Shop"})

    assert answer.status_code == 403
    assert b"Open another business" not in owner.get(TEAM).content
    assert Member.objects.filter(user__username="person@example.com").count() == 1


def test_nobody_opens_businesses_by_the_dozen(owner):
    answers = [owner.post("/dashboard/business/new/", {"business_name": f"Shop {n}"}).status_code for n in range(6)]

    assert answers == [302] * 5 + [409]


def test_a_stranger_opens_nothing():
    answer = Client().post("/dashboard/business/new/", {"business_name": "Shop"})

    assert answer["Location"].startswith("/dashboard/sign-in/")
    assert not Member.objects.exists()
