"""A page with a map and charts of a region, within the frame that all pages have, beside all addresses of the house."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from aggregation import charts, maps
from pemantau.urls import *  # noqa: F403
from pemantau.urls import urlpatterns as house
from tests.aggregation.pictures import child, document

PAGE = """{% extends "base.html" %}{% load static %}
{% block title %}Peta{% endblock %}
{% block css %}<link rel="stylesheet" href="{% static 'aggregation/pictures.css' %}">{% endblock %}
{% block content %}<h1>Contoh Raya</h1>
{% include "aggregation/_map.html" %}{% include "aggregation/_charts.html" %}{% endblock %}"""


def pictures(request: HttpRequest) -> HttpResponse:
    children = [
        child("9101", "Kabupaten Melati", (50, 30, 20), 5, 10),
        child("9102", "Kota Mawar", (10, 60, 30), 3, 10),
        child("9103", "Kabupaten Anggrek", (1, 2, 300), 10, 10),
        child("9104", "Kabupaten Kenanga", (0, 0, 0), 0, 10),
    ]
    page = document(children, code="91", name="Contoh Raya", children_level="kabupaten")
    drawn = {"document": page, "map": maps.panel(page, request.GET.get("peta", "")), "charts": charts.panel(page)}
    return HttpResponse(engines["django"].from_string(PAGE).render(drawn, request))


urlpatterns = [path("gambar/", pictures), *house]
