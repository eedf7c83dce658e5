"""Addresses of aggregation: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver

pages: list[URLPattern | URLResolver] = []
api: list[URLPattern | URLResolver] = []
