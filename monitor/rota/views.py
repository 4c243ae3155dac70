"""Who holds which role now, who is next, what is handed over; the people and their order, for admins."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_admin, require_change
from monitor.rota import selectors, services
from monitor.rota.forms import PersonForm, StandInForm
from monitor.rota.models import Person, Seat, StandIn
from monitor.rota.services import RotaError
from monitor.site.lists import row_id
from monitor.site.strategy_file import current_strategy
from strategy import Strategy


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All times of the page are of the business's zone: that is where the turns are."""
    strategy, now = current_strategy(), time.time()
    duties = selectors.duties(strategy, now)
    with timezone.override(ZoneInfo(strategy.business_hours.time_zone)):
        context = {
            "duties": [(duty, selectors.coming_turns(strategy, duty)) for duty in duties],
            "zone": strategy.business_hours.time_zone,
            "on_call": strategy.on_call,
            "has_people": any(duty.order for duty in duties),
            "may_change": isinstance(request.user, User) and request.user.may_change,
            "now": datetime.fromtimestamp(now, UTC),
        }
        return render(request, "rota/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """The list, and a form for a new one."""
    require_admin(request.user)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.save_person(None, **form.cleaned_data, by=request)
        except RotaError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"{made} is there. Give them a role now.")
            return redirect("rota:people")
    seats = Seat.objects.select_related("person")
    strategy = current_strategy()
    roles: dict[int, list[str]] = {}
    for seat in seats:
        if seat.role in strategy.roles:
            roles.setdefault(seat.person_id, []).append(strategy.roles[seat.role].title)
    found = [(person, roles.get(person.pk, [])) for person in Person.objects.select_related("user")]
    return render(
        request, "rota/people.html", {"people": found, "form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    require_admin(request.user)
    found = get_object_or_404(Person, pk=pk)
    if request.POST.get("action") == "remove":
        return _removed(request, found)
    initial = {"name": found.name, "email": found.email, "phone": found.phone, "user": found.user_id}
    form = PersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.save_person(found, **form.cleaned_data, by=request)
        messages.success(request, f"{found} is changed.")
        return redirect("rota:people")
    return render(
        request, "rota/person.html", {"person": found, "form": form}, status=422 if form.errors else 200
    )


def _removed(request: HttpRequest, found: Person) -> HttpResponse:
    try:
        services.remove_person(found, request, time.time())
    except RotaError as error:
        messages.error(request, str(error))
        return redirect("rota:person", pk=found.pk)
    messages.success(request, f"{found.name} is no longer in the rota.")
    return redirect("rota:people")


@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, role: str) -> HttpResponse:
    """Who holds it, in which order: a place for each person, empty for none."""
    require_admin(request.user)
    strategy = current_strategy()
    _require_role(strategy, role)
    if request.method == "POST":
        return _ordered(request, strategy, role)
    seats = Seat.objects.filter(role=role).values_list("person", "position")
    return _role_page(request, strategy, role, {person: str(position + 1) for person, position in seats})


def _role_page(
    request: HttpRequest, strategy: Strategy, role: str, places: dict[int, str], *, error: str = ""
) -> HttpResponse:
    found = [(one, places.get(one.pk, "")) for one in Person.objects.all()]
    found.sort(key=lambda row: (not _is_place(row[1]), _is_place(row[1]) and int(row[1]), row[0].name))
    context = {
        "role": role, "of": strategy.roles[role], "people": found, "on_call": strategy.on_call, "error": error
    }  # fmt: skip
    return render(request, "rota/role.html", context, status=422 if error else 200)


def _ordered(request: HttpRequest, strategy: Strategy, role: str) -> HttpResponse:
    given = {
        pk: str(value).strip()
        for name, value in request.POST.items()
        if name.startswith("place-") and (pk := row_id(name.removeprefix("place-")))
    }
    places = {pk: text for pk, text in given.items() if text}
    for text in places.values():
        if not _is_place(text):
            error = f"“{text[:40]}” is no place: give a number from 1 to 999, or nothing."
            return _role_page(request, strategy, role, given, error=error)
    order = sorted(places, key=lambda pk: (int(places[pk]), pk))
    try:
        services.set_order(role, order, request, time.time())
    except RotaError as error:
        messages.error(request, str(error))
        return redirect("rota:role", role=role)
    messages.success(request, "The order is kept. Whose turn it is keeps it until it ends.")
    return redirect("rota:list")


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4 and int(text) > 0


@require_http_methods(["GET", "HEAD", "POST"])
def stand_in(request: HttpRequest, role: str) -> HttpResponse:
    require_change(request.user)
    strategy = current_strategy()
    _require_role(strategy, role)
    now = datetime.now(ZoneInfo(strategy.business_hours.time_zone)).replace(
        tzinfo=None, second=0, microsecond=0
    )
    form = StandInForm(strategy, request.POST or None, initial={"starts": now})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.stand_in(
                role,
                given["person"],
                starts=form.seconds("starts"),
                ends=form.seconds("ends"),
                reason=given["reason"],
                by=request,
            )
        except RotaError as error:
            form.add_error("ends", str(error))
        else:
            messages.success(request, f"{given['person']} stands in.")
            return redirect("rota:list")
    return render(
        request,
        "rota/stand_in.html",
        {"form": form, "of": strategy.roles[role]},
        status=422 if form.errors else 200,
    )


@require_POST
def end_stand_in(request: HttpRequest, pk: int) -> HttpResponse:
    require_change(request.user)
    found = get_object_or_404(StandIn.objects.select_related("person"), pk=pk)
    services.end_stand_in(found, request, time.time())
    messages.success(request, f"{found.person} no longer stands in.")
    return redirect("rota:list")


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, role: str) -> HttpResponse:
    """Of the turn that begins next, or, for a day after it has begun, of this one."""
    require_change(request.user)
    strategy, now = current_strategy(), time.time()
    _require_role(strategy, role)
    (duty,) = selectors.duties(strategy, now, [role])
    turns = selectors.coming_turns(strategy, duty, 2)
    if not turns:
        raise Http404("Nobody takes turns in this role.")
    late = now - turns[0].turn.starts < _LATE_S and turns[0].hand_over is None
    coming = turns[0] if late or request.GET.get("turn") == "this" else turns[1]
    if request.method == "POST" and isinstance(request.user, User):
        # Of the turn that the form was shown for, which may have begun meanwhile.
        shown = {str(round(one.turn.starts)): one for one in turns}.get(request.POST.get("turn", ""), coming)
        given = request.POST
        services.hand_over(
            role, shown.turn.starts, given.getlist("done"), given.get("notes", ""), request.user, now
        )
        messages.success(request, "The hand-over is written down.")
        return redirect("rota:list")
    with timezone.override(ZoneInfo(strategy.business_hours.time_zone)):
        context = {
            "coming": coming,
            "turn": round(coming.turn.starts),
            "starts": datetime.fromtimestamp(coming.turn.starts, UTC),
            "of": strategy.roles[role],
            "role": role,
            "checklist": strategy.on_call.checklist,
            "zone": strategy.business_hours.time_zone,
        }
        return render(request, "rota/hand_over.html", context)


_LATE_S = 86_400.0


def _require_role(strategy: Strategy, role: str) -> None:
    if role not in strategy.roles:
        raise Http404(f"The strategy has no role {role[:60]}.")
