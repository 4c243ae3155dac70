from django.apps import AppConfig


class DigestConfig(AppConfig):
    name = "monitor.digest"
    label = "digest"

    def ready(self) -> None:
        """Every process knows who listens: a deploy is told to the API, in the web's, and alert rules are to hear of it."""
        from monitor.digest import rooms  # noqa: F401 (importing it says who listens)
