"""Staff are taken on and let go on the machine; a newcomer gets in by mailed codes and nothing else."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from events.models import Event
from merchants.models import Merchant
from tests.dashboard.people import PASSWORD, mailed_code, sign_in
from tests.factories import make_merchant
from tests.staff import page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def staff(*words: str) -> None:
    call_command("staff", *words)


def groups_of(email: str) -> set[str]:
    return set(User.objects.get(email=email).groups.values_list("name", flat=True))


def test_a_newcomer_chooses_a_password_with_mailed_codes_and_is_in(capsys):
    staff("add", "Ann@Example.com", "support", "finance")

    assert "Forgot your password?" in capsys.readouterr().out
    client = Client()
    client.post("/dashboard/forgotten/", {"email": "ann@example.com"})
    client.post("/dashboard/forgotten/code/", {"code": mailed_code("ann@example.com")})
    client.post("/dashboard/forgotten/new/", {"password1": PASSWORD, "password2": PASSWORD})
    fresh = Client()
    assert sign_in(fresh, "ann@example.com")["Location"] == "/dashboard/verify/"
    fresh.post("/dashboard/verify/", {"code": mailed_code("ann@example.com")})
    assert fresh.get(page_of(Merchant)).status_code == 200
    assert groups_of("ann@example.com") == {"support", "finance"}


def test_without_a_password_nobody_is_in():
    staff("add", "ann@example.com", "support")

    assert sign_in(Client(), "ann@example.com", "").status_code == 422


def test_a_member_becomes_staff_and_another_group_replaces_the_first(now):
    make_merchant(now, email="owner@example.com")

    staff("add", "owner@example.com", "support")
    staff("add", "owner@example.com", "operator")

    assert User.objects.count() == 1
    assert groups_of("owner@example.com") == {"operator"}
    told = Event.objects.filter(type="staff.taken_on").order_by("sequence")
    assert [event.data["groups"] for event in told] == [["support"], ["operator"]]


def test_whoever_is_let_go_is_out_at_once_and_stays_a_member(now):
    make_merchant(now, email="owner@example.com")
    staff("add", "owner@example.com", "support")
    client = Client()
    client.force_login(User.objects.get())
    assert client.get(page_of(Merchant)).status_code == 200

    staff("remove", "owner@example.com")

    assert client.get(page_of(Merchant)).status_code == 302
    assert client.get("/dashboard/overview/").status_code == 200
    assert groups_of("owner@example.com") == set()
    assert Event.objects.get(type="staff.let_go").data["email"] == "owner@example.com"


@pytest.mark.parametrize("words", [("remove", "nobody@example.com"), ("add", "a@example.com", "kings")])
def test_what_is_not_there_is_said(words):
    with pytest.raises(CommandError):
        staff(*words)

    assert not Event.objects.filter(type__startswith="staff.").exists()


def test_the_list_says_who_may_what(capsys):
    User.objects.create_superuser("root", "root@example.com", "x")
    staff("add", "ann@example.com", "support")
    capsys.readouterr()

    staff("list")

    assert capsys.readouterr().out.splitlines() == ["ann@example.com  support", "root@example.com  superuser"]
