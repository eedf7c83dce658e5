"""Addresses of accounts: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from accounts import pages as views

pages: list[URLPattern | URLResolver] = [
    path("akun/", views.me, name="me"),
    path("ketentuan/", views.terms, name="terms"),
    path("ketentuan/terima/", views.accept_terms, name="accept_terms"),
]
api: list[URLPattern | URLResolver] = []
