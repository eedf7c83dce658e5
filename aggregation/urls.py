"""Addresses of aggregation: `pages` stand at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, path, register_converter
from django.urls.converters import StringConverter

from aggregation import api as views
from aggregation import (
    card_pages,
    data_pages,
    document_pages,
    embed_pages,
    exclusion_pages,
    missing_pages,
    official_api,
    official_feed,
    official_pages,
    open_api,
    question_api,
    question_pages,
    report_pages,
    seat_api,
    seat_pages,
    vote_pages,
    weeding_pages,
)
from aggregation import pages as doors
from aggregation.dapil import COUNCIL_DIGITS


class RegionWord(StringConverter):
    """A region's code of 2, 4, 6 or 10 digits, or `nasional`."""

    regex = r"nasional|[0-9]{10}|[0-9]{6}|[0-9]{4}|[0-9]{2}"

    def to_url(self, value: str) -> str:
        return value or "nasional"


class StationCode(StringConverter):
    """A village's code and three digits."""

    regex = r"[0-9]{13}"


class DocumentName(StringConverter):
    """A version and the beginning of a hash: `published_files.name_of`."""

    regex = r"[0-9]{1,18}-[0-9a-f]{16}"


class SeatKind(StringConverter):
    """A kind of contest whose seats are divided among parties."""

    regex = "|".join(COUNCIL_DIGITS)


register_converter(DocumentName, "document_name")
register_converter(SeatKind, "seat_kind")
register_converter(RegionWord, "result_region")
register_converter(StationCode, "result_station")

_REGION = "hasil/<slug:election>/<slug:contest>/<result_region:region>/"

pages: list[URLPattern | URLResolver] = [
    path("", doors.home, name="home"),
    path("hasil/<slug:election>/<slug:contest>/", doors.region, name="contest"),
    path(_REGION, doors.region, name="region"),
    path(f"{_REGION}sengketa/", doors.disputes, name="disputes"),
    path(f"{_REGION}belum/", missing_pages.listed, name="missing"),
    path(f"{_REGION}belum.csv", missing_pages.table, name="missing_table"),
    path("hasil/<slug:election>/<slug:contest>/tps/<result_station:station>/", doors.station, name="station"),
    path("dokumen/terbaru.json", document_pages.pointer, name="pointer"),
    path("dokumen/<slug:election>/<slug:contest>/terbaru.json", document_pages.pointer, name="contest_pointer"),
    path(
        "dokumen/<slug:election>/<slug:contest>/<result_region:region>/<document_name:document>.json",
        document_pages.region,
        name="document",
    ),
    path("kartu/<slug:election>/<slug:contest>/<result_region:region>.png", card_pages.region, name="region_card"),
    path(
        "kartu/<slug:election>/<slug:contest>/tps/<result_station:station>.png", card_pages.station, name="station_card"
    ),
    path("sematan/", embed_pages.guide, name="embedding_now"),
    path("sematan/<slug:election>/<slug:contest>/<result_region:region>/", embed_pages.embed, name="embed"),
    path("sematan/<slug:election>/<slug:contest>/<result_region:region>/cara/", embed_pages.guide, name="embedding"),
    path(
        "hasil/<slug:election>/<slug:contest>/tps/<result_station:station>/resmi/",
        official_pages.station,
        name="official_station",
    ),
    path(f"{_REGION}resmi/", official_pages.region, name="official_region"),
    path("selisih/<slug:election>/<slug:contest>/", official_pages.differences, name="official_differences"),
    path("umpan/resmi/<slug:election>/<slug:contest>.atom", official_feed.feed, name="official_feed"),
    path("foto/<uuid:photo_id>/", doors.photo, name="photo"),
    path("putusan/pengecualian/", exclusion_pages.excluded, name="exclusions"),
    path(
        "putusan/pengecualian/<slug:election>/<slug:contest>/<result_station:station>/",
        vote_pages.of_station,
        name="votes",
    ),
    path("putusan/laporan/", report_pages.groups, name="report_groups"),
    path("putusan/laporan/<uuid:group>/", report_pages.group, name="report_group"),
    path("putusan/<uuid:photo>/sepengirim/", weeding_pages.same_sender, name="same_sender"),
    path("putusan/sepengirim/", weeding_pages.listed, name="weedings"),
    path("putusan/sepengirim/<int:weeding>/", weeding_pages.weeding, name="weeding"),
    path("kursi/<slug:election>/<seat_kind:kind>/", seat_pages.of_kind, name="seats"),
    path("kursi/<slug:election>/<seat_kind:kind>/<result_region:region>/", seat_pages.council, name="seats_council"),
    path("kursi/<slug:election>/dapil/<slug:contest>/", seat_pages.of_dapil, name="seats_dapil"),
    path("cari/", doors.search, name="search"),
    path("tanda-tanya/<slug:election>/<slug:contest>/", question_pages.asked, name="questions"),
    path("antrean/", doors.backlog, name="backlog"),
    path("pemilu/", doors.elections, name="elections"),
    path("data/", data_pages.data, name="data"),
    path("data/terbaru.json", data_pages.newest_index, name="newest_data"),
    path("data/_dumps/<str:name>", data_pages.dump, name="dump"),
    path("data/<slug:election>/<slug:contest>/", data_pages.contest_data, name="contest_data"),
    path("data/<slug:election>/<slug:contest>/<str:version>/<str:name>", data_pages.file, name="data_file"),
    path("umpan/<slug:election>/<slug:contest>.atom", data_pages.changes, name="changes"),
]
api: list[URLPattern | URLResolver] = [
    path(
        "results/<slug:election>/<slug:contest>/<result_region:region>/", views.RegionResults.as_view(), name="region"
    ),
    path(
        "results/<slug:election>/<slug:contest>/tps/<result_station:station>/",
        views.StationResults.as_view(),
        name="station",
    ),
    path(
        "seats/<slug:election>/<seat_kind:kind>/<result_region:region>/", seat_api.CouncilSeats.as_view(), name="seats"
    ),
    path("seats/<slug:election>/dapil/<slug:contest>/", seat_api.DapilSeats.as_view(), name="seats_dapil"),
    path(
        "official/<slug:election>/<slug:contest>/differences/",
        official_api.OfficialDifferences.as_view(),
        name="official_differences",
    ),
    path(
        "official/<slug:election>/<slug:contest>/differences.csv",
        official_api.OfficialDifferencesFile.as_view(),
        name="official_differences_csv",
    ),
    path("backlog/<slug:election>/", views.Backlog.as_view(), name="backlog"),
    path("questions/<slug:election>/<slug:contest>/", question_api.Questions.as_view(), name="questions"),
    path("exports/", open_api.Exports.as_view(), name="exports"),
    path("exports/<slug:election>/<slug:contest>/", open_api.Export.as_view(), name="export"),
    path("exports/<slug:election>/<slug:contest>/stations/", open_api.Stations.as_view(), name="open_stations"),
    path("exports/<slug:election>/<slug:contest>/regions/", open_api.Regions.as_view(), name="open_regions"),
    path("exports/<slug:election>/<slug:contest>/photos/", open_api.Photos.as_view(), name="open_photos"),
    path("exports/<slug:election>/<slug:contest>/readings/", open_api.Readings.as_view(), name="open_readings"),
]
