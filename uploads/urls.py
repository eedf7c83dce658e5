"""Addresses of uploads: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path, re_path

from uploads import app_pages, receipt_pages
from uploads import pages as views
from uploads.api import Photos, ReceiptOfPhoto, WithdrawalOfReceipt
from uploads.pictures import picture
from uploads.station_api import PagesOfStation
from uploads.ticket_api import Finish, OneTicket, Tickets

pages: list[URLPattern | URLResolver] = [
    path("kirim/", views.find, name="find"),
    path("kirim/aplikasi/", app_pages.app, name="app"),
    path("sw.js", app_pages.service_worker, name="service_worker"),
    path("manifest.webmanifest", app_pages.manifest, name="manifest"),
    path("kirim/<str:code>/", views.send, name="send"),
    path("kirim/cetak/<str:code>/", views.village_posters, name="village_posters"),
    path("t/<str:code>/", views.short, name="short"),
    path("bukti/", receipt_pages.find_receipt, name="find_receipt"),
    path("bukti/periksa/", receipt_pages.check, name="check_statement"),
    path("bukti/<str:code>/", receipt_pages.receipt, name="receipt"),
    path("bukti/<str:receipt>/qr.svg", receipt_pages.qr, name="receipt_qr"),
    path("bukti/<str:receipt>/pernyataan.txt", receipt_pages.statement, name="statement"),
    path("bukti/<str:receipt>/tarik/", receipt_pages.withdraw, name="withdraw"),
    path(".well-known/pemantau-keys.txt", receipt_pages.keys, name="keys"),
    path("t/<str:code>", views.short, name="short_as_typed"),
    path("t/<str:code>/qr.svg", views.qr, name="qr"),
    path("t/<str:code>/cetak/", views.poster, name="poster"),
    re_path(r"^gambar/(?P<sha256>[0-9a-f]{64})/(?P<side>480|1280|2560)\.webp$", picture, name="picture"),
]
api: list[URLPattern | URLResolver] = [
    path("photos/", Photos.as_view(), name="photos"),
    path("tickets/", Tickets.as_view(), name="tickets"),
    path("tickets/<uuid:ticket>/", OneTicket.as_view(), name="ticket"),
    path("tickets/<uuid:ticket>/finish/", Finish.as_view(), name="finish"),
    path("receipts/<str:receipt>/", ReceiptOfPhoto.as_view(), name="receipt"),
    path("receipts/<str:receipt>/withdraw/", WithdrawalOfReceipt.as_view(), name="withdraw"),
    path("stations/<str:station>/pages/", PagesOfStation.as_view(), name="station_pages"),
]
