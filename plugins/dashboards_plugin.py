"""Mounts the read API and its page in Airflow's API server, and the page in Airflow's navigation."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk.configuration import conf
from airflow.sdk.plugins_manager import AirflowPlugin

from dashboards import URL_PREFIX


class DashboardsPlugin(AirflowPlugin):
    """The read API under ``/dashboards/v1``, and a navigation entry that shows its page in a frame."""

    name = "vitrine_dashboards"

    # Schedulers and tasks load plugins too; only the API server asks for the apps, and only it pays for them.
    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The app and where it stands."""
        from dashboards.app import mounted_app  # noqa: PLC0415 (see above)

        return [{"name": "Vitrine dashboards", "app": mounted_app(), "url_prefix": URL_PREFIX}]

    @cached_property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The entry; Airflow's own cookie signs its users in to the page."""
        page = f"{_path_of_airflow()}{URL_PREFIX}/page/"
        return [
            {
                "name": "Collections",
                "href": page,
                "destination": "nav",
                "url_route": "collections",
                "icon": f"{page}icon.svg",
                "icon_dark_mode": f"{page}icon-dark.svg",
                "nav_top_level": True,
            }
        ]


def _path_of_airflow() -> str:
    """Where Airflow is served below another path, as behind a proxy; empty where it has its own host."""
    return urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/")
