"""Teams: offers that are taken once, roles that nobody raises himself to, and an owner who always stays."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from threading import Thread

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection

from events.models import Event
from merchants import selectors, services, tasks
from merchants.errors import (
    AlreadyMember,
    InvitationForAnother,
    InvitationNotFound,
    LastOwner,
    MemberNotFound,
    OwnersOnly,
)
from merchants.models import Invitation, Member, Role
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    return make_merchant(now)


@pytest.fixture
def owner(shop):
    return shop.members.get()


def join(shop, role, name="colleague"):
    user = get_user_model().objects.create_user(f"{name}@example.com", f"{name}@example.com")
    return Member.objects.create(user=user, merchant=shop, role=role)


def offer(shop, by, now, *, email="Bob@Example.com", role=Role.DEVELOPER):
    return services.invite_member(merchant=shop, by=by, email=email, role=role, now=now)


def token_of(invitation):
    return services.invitation_link(invitation).split("/")[-2]


def person(email="bob@example.com"):
    return get_user_model().objects.create_user(email, email)


class TestInviting:
    def test_a_mail_is_owed_sent_once_and_holds_the_link(self, shop, owner, now):
        invitation = offer(shop, owner, now)
        mail.outbox.clear()
        Member.objects.update(invited_at=now)

        assert [tasks.invite_members(), tasks.invite_members()] == [1, 0]
        assert mail.outbox[0].to == ["bob@example.com"]
        assert services.invitation_link(invitation) in mail.outbox[0].body
        event = Event.objects.get(type="member.invited")
        assert event.data == {"id": invitation.public_id, "email": "bob@example.com", "role": "developer"}

    def test_a_mail_server_that_is_away_loses_no_invitation(self, shop, owner, now, monkeypatch):
        offer(shop, owner, now)
        Member.objects.update(invited_at=now)

        def fail(*_, **__):
            raise SMTPServerDisconnected("away")

        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
            assert tasks.invite_members() == 0

        assert tasks.invite_members() == 1

    def test_inviting_again_renews_the_one_offer(self, shop, owner, now):
        first = offer(shop, owner, now)
        Invitation.objects.update(sent_at=now)

        second = offer(shop, owner, now + timedelta(days=3), role=Role.VIEWER)

        assert second.pk == first.pk
        assert (second.role, second.sent_at, second.expires_at) == ("viewer", None, now + timedelta(days=10))

    def test_a_member_is_not_invited(self, shop, owner, now):
        with pytest.raises(AlreadyMember):
            offer(shop, owner, now, email=owner.user.email.upper())

        assert not Invitation.objects.exists()

    def test_only_owners_make_owners(self, shop, owner, now):
        admin = join(shop, "admin")

        with pytest.raises(OwnersOnly):
            offer(shop, admin, now, role=Role.OWNER)
        offer(shop, owner, now, role=Role.OWNER)
        with pytest.raises(OwnersOnly):  # nor do they lower an offer that an owner made
            offer(shop, admin, now, role=Role.VIEWER)
        with pytest.raises(OwnersOnly):
            services.withdraw_invitation(
                merchant=shop, by=admin, invitation_id=Invitation.objects.get().public_id, now=now
            )


class TestAccepting:
    def test_the_seat_is_taken_with_the_role(self, shop, owner, now):
        invitation = offer(shop, owner, now)

        member = services.accept_invitation(token=token_of(invitation), user=person(), now=now)

        assert (member.merchant, member.role) == (shop, "developer")
        added = Event.objects.filter(type="member.added").last()
        assert added.data == {"id": member.public_id, "role": "developer"}

    def test_a_link_works_once(self, shop, owner, now):
        token = token_of(offer(shop, owner, now))
        bob = person()
        services.accept_invitation(token=token, user=bob, now=now)
        Member.objects.filter(user=bob).delete()

        with pytest.raises(InvitationNotFound):
            services.accept_invitation(token=token, user=bob, now=now)

        assert not Member.objects.filter(user=bob).exists()

    @pytest.mark.parametrize("end", ["withdrawn", "old", "suspended", "changed", "unsigned"])
    def test_an_offer_that_is_over_is_not_found(self, shop, owner, now, end):
        invitation = offer(shop, owner, now)
        token, at = token_of(invitation), now
        if end == "withdrawn":
            services.withdraw_invitation(merchant=shop, by=owner, invitation_id=invitation.public_id, now=now)
        elif end == "suspended":
            services.suspend(merchant=shop, reason="", now=now)
        elif end == "old":
            at = now + timedelta(days=7)
        else:
            token = token[:-1] + ("x" if token[-1] != "x" else "y") if end == "changed" else invitation.public_id

        with pytest.raises(InvitationNotFound):
            services.accept_invitation(token=token, user=person(), now=at)

        assert Member.objects.count() == 1

    def test_a_link_that_was_passed_on_is_of_no_use(self, shop, owner, now):
        token = token_of(offer(shop, owner, now))

        with pytest.raises(InvitationForAnother):
            services.accept_invitation(token=token, user=person("mallory@example.com"), now=now)

        assert Member.objects.count() == 1
        assert Invitation.objects.get().accepted_at is None

    def test_who_is_a_member_already_keeps_their_role(self, shop, owner, now):
        invitation = offer(shop, owner, now)
        bob = person()
        Member.objects.create(user=bob, merchant=shop, role="admin")

        assert services.accept_invitation(token=token_of(invitation), user=bob, now=now).role == "admin"


class TestRoles:
    def test_a_role_is_changed_and_written_down(self, shop, owner):
        member = join(shop, "viewer")

        services.change_role(merchant=shop, by=owner, member_id=member.public_id, role=Role.ADMIN)

        member.refresh_from_db()
        assert member.role == "admin"
        event = Event.objects.get(type="member.role_changed")
        assert event.data == {"id": member.public_id, "previous": "viewer", "role": "admin"}

    def test_the_only_owner_stays(self, shop, owner):
        with pytest.raises(LastOwner):
            services.change_role(merchant=shop, by=owner, member_id=owner.public_id, role=Role.ADMIN)
        with pytest.raises(LastOwner):
            services.remove_member(merchant=shop, by=owner, member_id=owner.public_id)

        owner.refresh_from_db()
        assert owner.role == "owner"

    def test_an_owner_whose_login_is_closed_does_not_count(self, shop, owner):
        second = join(shop, "owner")
        get_user_model().objects.filter(pk=second.user_id).update(is_active=False)

        with pytest.raises(LastOwner):
            services.remove_member(merchant=shop, by=owner, member_id=owner.public_id)

    def test_admins_touch_no_owner(self, shop, owner):
        admin = join(shop, "admin")
        join(shop, "owner", "second")

        with pytest.raises(OwnersOnly):
            services.change_role(merchant=shop, by=admin, member_id=owner.public_id, role=Role.VIEWER)
        with pytest.raises(OwnersOnly):
            services.remove_member(merchant=shop, by=admin, member_id=owner.public_id)
        with pytest.raises(OwnersOnly):
            services.change_role(merchant=shop, by=admin, member_id=admin.public_id, role=Role.OWNER)

        assert shop.members.filter(role="owner").count() == 2

    def test_whoever_was_an_owner_a_moment_ago_acts_as_what_they_are_now(self, shop, owner):
        second = join(shop, "owner")
        Member.objects.filter(pk=second.pk).update(role="admin")

        with pytest.raises(OwnersOnly):
            services.remove_member(merchant=shop, by=second, member_id=owner.public_id)

    def test_leaving_needs_nobodys_leave(self, shop):
        viewer = join(shop, "viewer")

        services.remove_member(merchant=shop, by=viewer, member_id=viewer.public_id)

        assert not Member.objects.filter(pk=viewer.pk).exists()
        event = Event.objects.get(type="member.removed")
        assert event.data == {"id": viewer.public_id, "role": "viewer", "email": "colleague@example.com"}

    def test_another_merchants_member_does_not_exist(self, shop, owner, now):
        foreign = make_merchant(now, email="c@example.com").members.get()

        with pytest.raises(MemberNotFound):
            services.remove_member(merchant=shop, by=owner, member_id=foreign.public_id)

        assert Member.objects.filter(pk=foreign.pk).exists()

    def test_another_merchants_invitation_does_not_exist(self, shop, owner, now):
        other = make_merchant(now, email="c@example.com")
        theirs = offer(other, other.members.get(), now)

        with pytest.raises(InvitationNotFound):
            services.withdraw_invitation(merchant=shop, by=owner, invitation_id=theirs.public_id, now=now)

        assert list(selectors.list_invitations(merchant=other)) == [theirs]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_do_not_both_succeed(now):
    shop = make_merchant(now)
    first, second = shop.members.get(), join(shop, "owner")
    refused = []

    def remove(by, whom):
        try:
            services.remove_member(merchant=shop, by=by, member_id=whom.public_id)
        except (LastOwner, OwnersOnly, MemberNotFound) as refusal:
            refused.append(type(refusal))
        finally:
            connection.close()

    threads = [Thread(target=remove, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert shop.members.filter(role="owner").count() == 1
