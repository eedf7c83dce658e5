"""The public's page of questions about results: `/tanda-tanya/`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import contests, question_words, questions
from aggregation.anomalies import Kind
from aggregation.models import Question
from tps import search
from tps.models import Contest
from uploads import storage

FRESH_SECONDS = 10
SMALL = 480


@require_safe
@page(Action.SEE_PUBLIC)
def asked(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    """The questions of a contest, by `?jenis=` and `?wilayah=`, most telling first. Seven queries, and the counts."""
    found = contests.find(election, contest)
    said = request.GET
    kind = said.get("jenis", "") if said.get("jenis") in Kind.values else ""
    line = search.line_to(said.get("wilayah", "").strip())
    code = line[-1].code
    listed = questions.listed(found, kind=kind, region=code, after=said.get("sesudah", ""))
    address = reverse("aggregation:questions", args=[election, contest])
    response = render(
        request,
        "aggregation/questions.html",
        {
            "canonical": settings.SITE_ORIGIN + address,
            "contest": found,
            "region": line[-1],
            "trail": [{"name": one.name, "address": f"{address}?wilayah={one.code}"} for one in line],
            "kinds": [(one, many) for one, many in questions.counts(found, code).items()],
            "kind": kind,
            "listed": [shown(one, found) for one in listed.questions],
            "following": listed.following,
            "begins": not said.get("sesudah"),
            "looked_at": questions.looked_at(found),
            "data_address": reverse("aggregation-api:questions", args=[election, contest]),
        },
    )
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


def shown(question: Question, contest: Contest) -> dict[str, Any]:
    """A question with its sentence, and its photo where that may be seen: what is behind a result was accepted."""
    photo = question.photo
    can_be_seen = photo is not None and question.kind != Kind.ALIKE
    return {
        "question": question,
        "kind": Kind(question.kind).label,
        "sentence": question_words.sentence(question, contest),
        "picture": storage.public_url(photo.sha256, SMALL) if photo and can_be_seen else "",
    }
