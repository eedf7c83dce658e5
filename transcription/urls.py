"""Addresses of transcription: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from transcription import api as views
from transcription import lease_pictures, own_pages, report_pages, sender_pages
from transcription import pages as html

pages: list[URLPattern | URLResolver] = [
    path("baca/", html.start, name="start"),
    path("baca/belajar/", own_pages.learn, name="learn"),
    path("baca/<uuid:lease>/", html.read, name="read"),
    path("baca/<uuid:lease>/<int:side>.webp", lease_pictures.picture, name="picture"),
    path("baca/<uuid:lease>/kembalikan/", html.give_back, name="give_back"),
    path("latihan/", html.practice, name="practice"),
    path("latihan/<int:number>/", html.practice_form, name="practice_form"),
    path("bukti/<str:receipt>/angka/", sender_pages.numbers, name="numbers"),
    path("lapor/<slug:election>/<slug:contest>/<str:station>/", report_pages.report, name="report"),
    path("lapor/<uuid:report>/", report_pages.reported, name="reported"),
    path("putusan/", html.case_list, name="cases"),
    path("putusan/<uuid:photo>/", html.case, name="case"),
]
api: list[URLPattern | URLResolver] = [
    path("tasks/", views.Tasks.as_view(), name="tasks"),
    path("tasks/<uuid:lease>/", views.TaskOfLease.as_view(), name="task"),
    path("tasks/<uuid:lease>/entry/", views.EntryOfLease.as_view(), name="entry"),
    path("tasks/<uuid:lease>/check/", views.CheckOfLease.as_view(), name="check"),
    path("tasks/<uuid:lease>/renew/", views.RenewalOfLease.as_view(), name="renew"),
    path("tasks/<uuid:lease>/return/", views.ReturnOfLease.as_view(), name="return"),
    path("receipts/<str:receipt>/numbers/", views.NumbersOfReceipt.as_view(), name="numbers"),
    path("cases/", views.Cases.as_view(), name="cases"),
    path("cases/<uuid:photo>/", views.Case.as_view(), name="case"),
    path("cases/<uuid:photo>/first-look/", views.FirstLookAtCase.as_view(), name="first_look"),
    path("cases/<uuid:photo>/ruling/", views.RulingOfCase.as_view(), name="ruling"),
]
