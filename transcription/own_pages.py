"""What readers see of their own work."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from transcription import own_work
from transcription.pages import person


@never_cache
@require_safe
@page(Action.TRANSCRIBE)
def learn(request: HttpRequest) -> HttpResponse:
    """How much and how well one has read, and what one misread where the answer was known."""
    context = {
        "work": own_work.of(person(request)),
        "lessons": own_work.lessons(person(request)),
        "hours": settings.LEARN_AFTER_HOURS,
        "enough": own_work.ENOUGH,
    }
    return render(request, "transcription/own_work.html", context)
