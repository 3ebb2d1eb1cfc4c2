"""Who is mailed of what: each member chooses for themselves, and all see who is told of what."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard.access import Desk, desk
from dashboard.notification_forms import GROUPS, SAID, NotificationsForm, usual
from dashboard.pages import show
from merchants import selectors, services
from merchants.notifications import Topic, wants

# If nobody hears of these, money waits unseen.
_SHOULD_REACH_SOMEBODY: Final = (Topic.DEPOSIT, Topic.REFUND_CLAIMED, Topic.PAYOUT)


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def choose(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show and change what one is mailed of; ``usual`` takes it back to what one's role is."""
    form = NotificationsForm(request.POST) if request.method == "POST" else NotificationsForm.of(at.member)
    if request.method == "POST" and form.is_valid():
        topics = usual(at.member) if "usual" in request.POST else form.topics()
        services.choose_notifications(member=at.member, topics=topics, of_test=form.cleaned_data["of_test"])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("dashboard:notifications"))
    members = list(selectors.list_members(merchant=at.merchant))
    rows = {
        topic: [member for member in members if wants(member, topic)]
        for _label, topics in GROUPS.values()
        for topic in topics
    }
    return show(
        request,
        "notifications",
        form=form,
        rows=[(SAID[topic], told) for topic, told in rows.items()],
        unheard=[SAID[topic] for topic in _SHOULD_REACH_SOMEBODY if not rows[topic]],
    )
