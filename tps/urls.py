"""Addresses of tps: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from tps import api as views

pages: list[URLPattern | URLResolver] = []
api: list[URLPattern | URLResolver] = [
    path("elections/", views.Elections.as_view(), name="elections"),
    path("elections/<slug:election>/", views.OneElection.as_view(), name="election"),
    path("elections/<slug:election>/contests/", views.Contests.as_view(), name="contests"),
    path("elections/<slug:election>/contests/<slug:contest>/", views.OneContest.as_view(), name="contest"),
    path("elections/<slug:election>/centroids/", views.Centroids.as_view(), name="centroids"),
    path("regions/<str:region>/", views.OneRegion.as_view(), name="region"),
    path("stations/", views.Stations.as_view(), name="stations"),
    path("stations/<str:station>/", views.OneStation.as_view(), name="station"),
]
