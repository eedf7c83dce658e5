"""Settings, all from environment variables; `docs/operations.md` lists them.

`PEMANTAU_DEVELOPMENT=1` (set by `manage.py services` and by the tests) allows the defaults of a
single machine. Without it, production is assumed and a missing secret stops the start.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

STATE_DIR = Path(env("PEMANTAU_STATE_DIR", default=str(BASE_DIR / "var")))
_running = STATE_DIR / "services.env"
if "DATABASE_URL" not in env.ENVIRON and os.access(_running, os.R_OK):
    # A command run beside `manage.py services` works on what that runs. Not put into os.environ, where
    # `manage.py services` itself would take it for servers given from outside.
    env.ENVIRON = dict(line.split("=", 1) for line in _running.read_text().splitlines()) | dict(env.ENVIRON)
DEVELOPMENT = env.bool("PEMANTAU_DEVELOPMENT", default=False)
DEBUG = env.bool("PEMANTAU_DEBUG", default=False)

SECRET_KEY = env("SECRET_KEY", default="development-only-" + "0" * 50 if DEVELOPMENT else environ.Env.NOTSET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Signs receipts (`uploads.statements`): 64 hexadecimal digits. Earlier keys stay known by their public halves.
RECEIPT_KEY = env("RECEIPT_KEY", default="0" * 64 if DEVELOPMENT else environ.Env.NOTSET)
RECEIPT_OLD_KEYS = env.list("RECEIPT_OLD_KEYS", default=[])
SITE_ORIGIN = env("SITE_ORIGIN", default="http://127.0.0.1:8000" if DEVELOPMENT else environ.Env.NOTSET)
HTTPS = SITE_ORIGIN.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or (
    ["127.0.0.1", "localhost", "[::1]"] if DEVELOPMENT else [urlsplit(SITE_ORIGIN).hostname]
)
CSRF_FAILURE_VIEW = "pemantau.refusals.stale_form"
CSRF_TRUSTED_ORIGINS = [SITE_ORIGIN]

# Whoever shows it reads `/metrik/`; without one there is no such page.
METRICS_TOKEN = env("METRICS_TOKEN", default="")
# How many proxies of ours append to X-Forwarded-For. The client's address is that many from the
# right; 0 means that nobody but the socket is believed.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "ledger",
    "accounts",
    "tps",
    "uploads",
    "transcription",
    "aggregation",
    "pemantau",
]

# Signing in with Google, where the organisation has keys for it.
GOOGLE_CLIENT_ID = env("GOOGLE_CLIENT_ID", default="")
if GOOGLE_CLIENT_ID:
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.google"]
    _google = {"client_id": GOOGLE_CLIENT_ID, "secret": env("GOOGLE_CLIENT_SECRET"), "key": ""}
    SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [_google], "SCOPE": ["email"], "OAUTH_PKCE_ENABLED": True}}

MIDDLEWARE = [
    "pemantau.logs.CorrelationMiddleware",
    "pemantau.happenings.CountingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",  # an ETag on whatever may be kept, 304 for who has it
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.IdleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.devices.DeviceMiddleware",
    "pemantau.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "pemantau.urls"
WSGI_APPLICATION = "pemantau.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pemantau.navigation.context",
            ]
        },
    }
]

# --- PostgreSQL: everything that must agree -------------------------------------------------
# The application's role may only insert into evidence and ledger; migrations run as the owner.
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://127.0.0.1:5432/pemantau")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
    "CONN_HEALTH_CHECKS": True,
}
APP_DATABASE_ROLE = env("APP_DATABASE_ROLE", default="pemantau_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: a doorbell and a cache ----------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
    # What pages are made of: the same, but left alone where it hangs.
    "documents": {
        "BACKEND": "pemantau.caches.CacheThatIsLeftAlone",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
    # What one process remembers for some seconds, Redis or no Redis.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 1,
    "queue_order_strategy": "priority",  # in the order of CELERY_TASK_QUEUES
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "max_retries": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # the sweeper rings again; a request never waits for Redis
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Making the public copies takes ten times as long as any other step. In a line of its own, which is served when
# the other one is empty, a rush of photos does not keep the numbers of those before it waiting.
# Open data are written when nothing else is to be done.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("inspect"), Queue("nightly")]
CELERY_TASK_ROUTES = {"pemantau.pipeline.inspect": {"queue": "inspect"}, "pemantau.nightly.*": {"queue": "nightly"}}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "pemantau.pipeline.sweep", "schedule": 30.0},
    "renew-gold": {"task": "pemantau.pipeline.renew_gold", "schedule": 300.0},
    "ask": {"task": "pemantau.pipeline.ask", "schedule": 60.0},
    "reap": {"task": "pemantau.pipeline.reap", "schedule": 3600.0},
    "export": {"task": "pemantau.nightly.export", "schedule": env.float("EXPORT_SECONDS", default=3600.0)},
    "dump": {"task": "pemantau.nightly.dump", "schedule": crontab(hour=2, minute=30)},
}

# --- Objects: a folder, or S3 when S3_ENDPOINT is set ---------------------------------------
S3_ENDPOINT = env("S3_ENDPOINT", default="")
# Where phones reach the same store, if they may bring their photos to it themselves; by default they bring them to us.
S3_PUBLIC_ENDPOINT = env("S3_PUBLIC_ENDPOINT", default="").rstrip("/")
OBJECTS_DIR = STATE_DIR / "objects"


def _objects(name: str) -> dict:
    """Storage settings of one bucket: `sealed` (originals, never public) or `public` (derivatives)."""
    if not S3_ENDPOINT:
        return {"BACKEND": "uploads.storage.FolderStorage", "OPTIONS": {"location": str(OBJECTS_DIR / name)}}
    return {
        "BACKEND": "uploads.s3.S3Storage",
        "OPTIONS": {
            "endpoint_url": S3_ENDPOINT,
            "access_key": env("S3_ACCESS_KEY_ID"),
            "secret_key": env("S3_SECRET_ACCESS_KEY"),
            "region_name": env("S3_REGION", default="us-east-1"),
            "bucket_name": env(f"S3_BUCKET_{name.upper()}", default=f"pemantau-{name}"),
            "public_endpoint": S3_PUBLIC_ENDPOINT,
        },
    }


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing may be stored by accident
    "sealed": _objects("sealed"),
    "public": _objects("public"),
    "staticfiles": {"BACKEND": "pemantau.static_files.StaticFiles"},
}
# Where the folder writes what the public reads, and nginx and the application read it (`aggregation.published_files`).
PUBLISHED_DIR = Path(env("PUBLISHED_DIR", default=str(STATE_DIR / "published")))
# Open data: the folder it is published in, how it may be used (SPDX), and what stays of it (`aggregation.dumps`).
EXPORTS_DIR = Path(env("EXPORTS_DIR", default=str(STATE_DIR / "exports")))
DATA_LICENCE = env("DATA_LICENCE", default="CC-BY-4.0")
EXPORTS_KEPT = env.int("EXPORTS_KEPT", default=3)
EXPORTS_NIGHTS = env.int("EXPORTS_NIGHTS", default=7)
# Public derivatives may have a host of their own, without cookies; by default a path of this one.
PHOTO_ORIGIN = env("PHOTO_ORIGIN", default="")

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEVELOPMENT
if DEVELOPMENT:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

READING_UNDO_SECONDS = 10  # how long a reader may take back what they have just sent
# Who reads faster than this a number is no person (`transcription.entries.least_seconds`); programs that play people
# on one's own machine are.
SECONDS_A_NUMBER = env.float("SECONDS_A_NUMBER", default=0.0 if DEVELOPMENT else 0.3)
# When somebody sees what they read against known answers: not while the photo serves, nor at once.
LEARN_AFTER_HOURS = env.float("LEARN_AFTER_HOURS", default=6)
MAX_PHOTO_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- People ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/akun/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True  # a link would stand in logs and histories
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60  # mail is slow at times; pages and mails say "10 menit"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Pemantau: "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Per address loose, since carriers share them among many people; per account tight (TRUST section 6).
# On one's own machine everybody has one address.
LOGINS_PER_ADDRESS = env("LOGINS_PER_ADDRESS", default="1000/h" if DEVELOPMENT else "20/h")
LOGINS_PER_ACCOUNT = env("LOGINS_PER_ACCOUNT", default="10/h")
# Photos, likewise (`uploads/fair_use.py`): of a device, of a device in a day, of an IPv4 address, of an IPv6 /64.
PHOTOS_PER_DEVICE = env("PHOTOS_PER_DEVICE", default="10/10m")
PHOTOS_PER_DEVICE_AND_DAY = env("PHOTOS_PER_DEVICE_AND_DAY", default="30/d")
PHOTOS_PER_IPV4 = env("PHOTOS_PER_IPV4", default="10000/10m" if DEVELOPMENT else "120/10m")
PHOTOS_PER_IPV6 = env("PHOTOS_PER_IPV6", default="10000/10m" if DEVELOPMENT else "30/10m")
# How often somebody may ask for a photo, and send what they read (`transcription.fair_use`).
TASKS_PER_READER = env("TASKS_PER_READER", default="10000/m" if DEVELOPMENT else "60/m")
ENTRIES_PER_READER = env("ENTRIES_PER_READER", default="10000/m" if DEVELOPMENT else "30/m")
# How many of one's last 20 photos may be given back unread (`transcription.queue.give_back`).
MOST_GIVEN_BACK = env.int("MOST_GIVEN_BACK", default=5)
# How many reports of the public: a device in a day, an address as the photos (`transcription.reports`).
REPORTS_PER_DEVICE_AND_DAY = env("REPORTS_PER_DEVICE_AND_DAY", default="20/d")
REPORTS_PER_IPV4 = env("REPORTS_PER_IPV4", default="10000/10m" if DEVELOPMENT else "60/10m")
REPORTS_PER_IPV6 = env("REPORTS_PER_IPV6", default="10000/10m" if DEVELOPMENT else "20/10m")
ACCOUNT_RATE_LIMITS = {
    "login": f"{LOGINS_PER_ADDRESS}/ip",
    "login_failed": f"{LOGINS_PER_ADDRESS}/ip,{LOGINS_PER_ACCOUNT}/key",
    "request_login_code": f"{LOGINS_PER_ADDRESS}/ip,5/h/key",
    "signup": f"{LOGINS_PER_ADDRESS}/ip",
    "reset_password": f"{LOGINS_PER_ADDRESS}/ip,5/h/key",
}
# Adjudicators and operators use a passkey or an authenticator app, too (`accounts/second_factor.py`).
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=not DEVELOPMENT)
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm", "edit_webauthn": "accounts.forms.EditPasskeyForm"}
MFA_TOTP_ISSUER = "Pemantau"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT  # passkeys on http://localhost
if DEVELOPMENT and not env("EMAIL_URL", default=""):
    # Codes and addresses never go into a log: on one's own machine mail is put into a folder.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(STATE_DIR / "mail")
else:
    vars().update(env.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="pemantau@localhost")
CONTACT = env("CONTACT", default=DEFAULT_FROM_EMAIL)  # whom people ask, as pages say it
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- Language and time ----------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = True, HTTPS, "Lax"
LOCALE_PATHS = [BASE_DIR / "pemantau" / "locale"]
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Jakarta"
USE_TZ = True

# --- Security headers -----------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "worker-src": [SELF],  # looks at photos, makes them smaller, sends them (`static/uploads/`)
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"] + ([PHOTO_ORIGIN] if PHOTO_ORIGIN else []),
        "font-src": [SELF],
        "connect-src": [SELF] + ([S3_PUBLIC_ENDPOINT] if S3_PUBLIC_ENDPOINT else []),
        "form-action": [SELF] + (["https://accounts.google.com"] if GOOGLE_CLIENT_ID else []),
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],  # default deny
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "pemantau.refusals.api_exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pemantau API",
    "DESCRIPTION": "Photos of C.Hasil forms, and the tallies that citizens and volunteers made of them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,  # else a file in a request is described as an address
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {
        "QuestionKind": "aggregation.anomalies.Kind",
        "CouncilKind": ["dpr", "dprd_prov", "dprd_kabko"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "pemantau.logs.Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"fido2": {"level": "WARNING"}},  # else it names every passkey that is used
}
