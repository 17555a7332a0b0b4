"""What a visitor sees."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST


def front(request: HttpRequest) -> HttpResponse:
    visits = request.session["visits"] = request.session.get("visits", 0) + 1
    name = request.session.get("name", "stranger")
    return render(request, "front.html", {"name": name, "visits": visits})


@require_POST
def name(request: HttpRequest) -> HttpResponse:
    request.session["name"] = request.POST.get("name", "")[:40]
    return redirect("front")
