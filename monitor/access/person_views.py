"""Finding and erasing what is kept of a person. By POST throughout: an id in an address would be kept in logs."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from monitor.access import audit, persons
from monitor.access.forms import PersonForm
from monitor.access.user_views import admins_only
from monitor.site.quantities import quantity


@admins_only
@never_cache
def person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        found = persons.find(form.cleaned_data["identity"])
        audit.record(request, "person.searched", found.label, events=found.event_count)
        context |= {"found": found, "identity": form.cleaned_data["identity"]}
    return render(request, "access/person.html", context, status=422 if form.errors else 200)


@admins_only
@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """What can't be undone asks for a word: `confirmed` is a box on the page."""
    form = PersonForm(request.POST)
    if not form.is_valid() or request.POST.get("confirmed") != "yes":
        messages.error(request, "Nothing was erased: tick the box that says so, and send it again.")
        return redirect("access:person")
    erased = persons.erase(form.cleaned_data["identity"], request)
    messages.success(
        request,
        f"Erased: {quantity(erased.events, 'events')}, {quantity(erased.attachments, 'attachments')},"
        f" {erased.feedback} of feedback, {erased.session_days} of sessions, {quantity(erased.tags, 'tags')}."
        f" The counts of {quantity(erased.issues, 'issues')} stay.",
    )
    return redirect("access:person")
