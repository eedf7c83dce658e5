from django.apps import AppConfig


class PemantauConfig(AppConfig):
    name = "pemantau"
