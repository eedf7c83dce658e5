"""The Celery app. Tasks are doorbells: they carry an id, claim a row, and may run twice."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")

app = Celery("pemantau")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pemantau"], related_name="pipeline")
app.autodiscover_tasks(["pemantau"], related_name="nightly")
