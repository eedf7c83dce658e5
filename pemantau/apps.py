from django.apps import AppConfig


class PemantauConfig(AppConfig):
    name = "pemantau"

    def ready(self) -> None:
        from pemantau import heartbeats  # needs the apps

        heartbeats.listen()
