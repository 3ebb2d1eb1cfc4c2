"""The team and its invitations."""

from django.contrib.auth import get_user_model

from merchants import services
from merchants.models import Member, Role
from tests.browser.screens import Stage, screen


def _invite(stage: Stage) -> str:
    offer = services.invite_member(
        merchant=stage.merchant,
        by=stage.merchant.members.get(role="owner", user__email="owner@example.com"),
        email="charles@example.com",
        role=Role.DEVELOPER,
        now=stage.now,
    )
    return "/" + services.invitation_link(offer).split("/", 3)[3]


def _colleague(stage: Stage) -> Member:
    user = get_user_model().objects.create_user("mary@example.com", "mary@example.com")
    return Member.objects.create(user=user, merchant=stage.merchant, role="viewer")


@screen("team", "alone")
def _(stage: Stage) -> str:
    stage.merchant.members.all().delete()
    return "/dashboard/team/"


@screen("team", "several and an invitation")
def _(stage: Stage) -> str:
    _colleague(stage)
    _invite(stage)
    return "/dashboard/team/"


@screen("team", "seen by a viewer")
def _(stage: Stage) -> str:
    stage.role = "viewer"
    _invite(stage)
    return "/dashboard/team/"


@screen("team", "invite")
def _(stage: Stage) -> str:
    return "/dashboard/team/invite/"


@screen("team", "role")
def _(stage: Stage) -> str:
    return f"/dashboard/team/{_colleague(stage).public_id}/"


@screen("team", "remove")
def _(stage: Stage) -> str:
    return f"/dashboard/team/{_colleague(stage).public_id}/remove/"


@screen("team", "leave")
def _(stage: Stage) -> str:
    return "/dashboard/team/leave/"


@screen("team", "invitation for a newcomer")
def _(stage: Stage) -> str:
    stage.visitor = True
    return _invite(stage)


@screen("team", "invitation for a known person")
def _(stage: Stage) -> str:
    stage.visitor = True
    get_user_model().objects.create_user("charles@example.com", "charles@example.com", "four unrelated words")
    return _invite(stage)


@screen("team", "invitation for another")
def _(stage: Stage) -> str:
    return _invite(stage)


@screen("team", "another business")
def _(stage: Stage) -> str:
    return "/dashboard/business/new/"


@screen("team", "no business")
def _(stage: Stage) -> str:
    stage.after_signing_in = lambda: stage.person.memberships.all().delete()
    return "/dashboard/wallets/"


@screen("team", "invitation over")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/invitation/ivt_1:x/"
