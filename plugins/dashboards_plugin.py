"""Mounts the read API in Airflow's API server."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.sdk.plugins_manager import AirflowPlugin

from dashboards import URL_PREFIX


class DashboardsPlugin(AirflowPlugin):
    """The read API under ``/dashboards/v1``."""

    name = "vitrine_dashboards"

    # Schedulers and tasks load plugins too; only the API server asks for the apps, and only it pays for them.
    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The app and where it stands."""
        from dashboards.app import mounted_app  # noqa: PLC0415 (see above)

        return [{"name": "Vitrine dashboards", "app": mounted_app(), "url_prefix": URL_PREFIX}]
