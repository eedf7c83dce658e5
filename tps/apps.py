from django.apps import AppConfig


class TpsConfig(AppConfig):
    name = "tps"

    def ready(self) -> None:
        from tps import checks  # noqa: F401 (registers itself)
