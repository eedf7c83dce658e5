"""Only until the ticket protocol is here."""

import hashlib
import json
import tempfile
import uuid
from pathlib import Path

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from accounts import devices
from pemantau import pipeline
from pemantau.urls import *  # noqa
from pemantau.urls import urlpatterns as real
from uploads import claims, intake
from uploads.api import receipt_of

TICKETS = {}


@csrf_exempt
def take(request):
    said = json.loads(request.body)
    where = claims.place(said["station"])
    claim = claims.claim(where, said["contest"], said["page"])
    device = devices.of(request)
    for key, t in TICKETS.items():
        if (t["sha256"], t["device"], t["station"]) == (said["sha256"], device.pk, said["station"]):
            break
    else:
        key = str(uuid.uuid4())
        TICKETS[key] = said | {"device": device.pk, "claim": claim, "bytes": b"", "photo": None, "dev": device}
    return JsonResponse(told(request, key), status=201)


def told(request, key):
    t = TICKETS[key]
    body = {
        "ticket": key,
        "state": "open",
        "offset": len(t["bytes"]),
        "size": t["size"],
        "direct": None,
        "chunk": {"url": f"/api/v1/tickets/{key}/", "most": 1 << 20},
    }
    if t["photo"]:
        body["receipt"] = json.loads(json.dumps(receipt_of(t["photo"], request), default=str))
    return body


@csrf_exempt
def one(request, key):
    t = TICKETS[key]
    if request.method == "PATCH":
        at = int(request.headers["Upload-Offset"])
        if at != len(t["bytes"]):
            return HttpResponse(status=409, headers={"Upload-Offset": len(t["bytes"])})
        t["bytes"] += request.body
        return HttpResponse(status=204, headers={"Upload-Offset": len(t["bytes"])})
    return JsonResponse(told(request, key))


@csrf_exempt
def finish(request, key):
    t = TICKETS[key]
    if hashlib.sha256(t["bytes"]).hexdigest() != t["sha256"]:
        return HttpResponse(status=409, headers={"Upload-Offset": len(t["bytes"])})
    if not t["photo"]:
        f = Path(tempfile.mktemp())
        f.write_bytes(t["bytes"])
        c = t["claim"]
        t["photo"], _ = pipeline.receive(
            intake.Sending(
                path=f,
                station=c.station,
                contest=c.contest,
                page=c.page,
                device=t["dev"],
                uploader=None,
                key=None,
                address_block="",
            )
        )
    return JsonResponse(json.loads(json.dumps(receipt_of(t["photo"], request), default=str)), status=201)


urlpatterns = [
    path("api/v1/tickets/", take),
    path("api/v1/tickets/<str:key>/", one),
    path("api/v1/tickets/<str:key>/finish/", finish),
    *real,
]
