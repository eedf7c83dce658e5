"""Addresses of ledger: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from ledger import api as doors

pages: list[URLPattern | URLResolver] = []
api: list[URLPattern | URLResolver] = [
    path("ledger/<slug:log>/entries/", doors.Entries.as_view(), name="entries"),
]
