"""All addresses. Pages are Indonesian; the API is versioned under /api/v1/."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import accounts.pages
import accounts.urls
import aggregation.urls
import ledger.urls
import tps.urls
import transcription.urls
import uploads.urls
from pemantau import admin_door, bar_pages, board_pages, pages, people_pages, switch_pages
from pemantau.health import health
from pemantau.metrics import metrics

APPS = (accounts.urls, tps.urls, uploads.urls, transcription.urls, aggregation.urls, ledger.urls)

# Only where its keys are set (GOOGLE_CLIENT_ID).
GOOGLE = (
    [
        path("akun/3rdparty/", include("allauth.socialaccount.urls")),
        path("akun/", include("allauth.socialaccount.providers.google.urls")),
    ]
    if settings.GOOGLE_CLIENT_ID
    else []
)

admin.site.login = admin_door.login(secure_admin_login(admin.site.login))  # type: ignore[method-assign]
admin.site.has_permission = admin_door.may_enter  # type: ignore[method-assign]

urlpatterns = [
    *(path("", include((app.pages, app.__name__.split(".")[0]))) for app in APPS),
    *(path("api/v1/", include((app.api, f"{app.__name__.split('.')[0]}-api"))) for app in APPS),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api"),
    path("bahasa/", csrf_exempt(set_language), name="set_language"),
    path("kelola/", pages.overview, name="overview"),
    path("kelola/sakelar/", switch_pages.all_switches, name="switches"),
    path("kelola/siaga/", pages.alarm, name="alarm"),
    path("kelola/dahulukan/", pages.surge, name="surge"),
    path("kelola/jeda/", bar_pages.readers, name="bars"),
    path("kelola/jeda/<int:person>/", bar_pages.recall, name="recall"),
    path("kelola/orang/", pages.people, name="people"),
    path("kelola/orang/<int:person>/peran/", pages.grant, name="grant"),
    path("kelola/orang/<int:person>/tarik/", pages.withdraw, name="withdraw"),
    path("kelola/pengumuman/", people_pages.announce, name="announce"),
    path("kelola/undangan/", people_pages.invitation_tree, name="invitation_tree"),
    path("undangan/<slug:token>/", people_pages.invitation, name="invitation"),
    path("akun/undangan/", people_pages.own_invitations, name="invitations"),
    path("akun/undangan/<int:invitation>/cabut/", people_pages.revoke_invitation, name="revoke_invitation"),
    path("kelola/orang/<int:person>/langkah-kedua/", people_pages.reset_factor, name="reset_factor"),
    path("akun/hapus/", people_pages.leave, name="leave"),
    path("akun/papan/", board_pages.own_name, name="board_name"),
    path("relawan/", board_pages.board, name="board"),
    path("akun/langkah-kedua/", people_pages.second_factor_first, name="second_factor"),
    path("sehat/", health, name="health"),
    path("metrik/", metrics, name="metrics"),
    path("akun/login/code/", accounts.pages.RequestLoginCode.as_view(), name="account_request_login_code"),
    path("akun/login/code/confirm/", accounts.pages.ConfirmLoginCode.as_view(), name="account_confirm_login_code"),
    path("akun/", include("allauth.account.urls")),
    path("akun/2fa/", include("allauth.mfa.urls")),
    *GOOGLE,
    path("admin/", admin.site.urls),
]

handler400 = "pemantau.refusals.bad_request"
handler403 = "pemantau.refusals.forbidden"
handler404 = "pemantau.refusals.not_found"
handler429 = "pemantau.refusals.too_many"  # allauth's
handler500 = "pemantau.refusals.failed"
