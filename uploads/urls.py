"""Addresses of uploads: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path, re_path

from uploads.api import Photos, ReceiptOfPhoto
from uploads.pictures import picture

pages: list[URLPattern | URLResolver] = [
    re_path(r"^gambar/(?P<sha256>[0-9a-f]{64})/(?P<side>480|1280|2560)\.webp$", picture, name="picture"),
]
api: list[URLPattern | URLResolver] = [
    path("photos/", Photos.as_view(), name="photos"),
    path("receipts/<str:receipt>/", ReceiptOfPhoto.as_view(), name="receipt"),
]
