"""The read API alone, for more instances: the same app, readers and paths, without Airflow's API server.

``python -m dashboards.standalone --port 8099``, or
``uvicorn dashboards.standalone:app --no-proxy-headers --workers 4``.
It reads the store and, for revoked tokens, Airflow's metadata database.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from common.utils.errors import VitrineError
from dashboards import URL_PREFIX
from dashboards.app import app_from_environment
from dashboards.security import local_passwords, prepare_alone


def standalone_app() -> FastAPI:
    """The app with its full paths.

    Raises:
        VitrineError: The environment, a contract or the store's URL is wrong.
    """
    prepare_alone()
    return app_from_environment(prefix=URL_PREFIX)


def banner(host: str, port: int, *, terminal: bool) -> str:
    """Where the page and the API are; for somebody at a terminal with the password of the local users."""
    users = ", ".join(f"user {name}, password {password}" for name, password in local_passwords().items())
    signing = users if terminal else "sign in as in Airflow"
    return (
        f"\nCollections:  http://{host}:{port}{URL_PREFIX}/page/  ({signing or 'everybody is an admin'})\n"
        f"Read API:     http://{host}:{port}{URL_PREFIX}/collections  (token: make token)\n"
    )


def __getattr__(name: str) -> FastAPI:
    """``app``, made when a server asks for it: importing this module needs no environment."""
    if name == "app":
        return standalone_app()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until it is interrupted; 2 where it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboards.standalone", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8099, help="port to listen on (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        app = standalone_app()
    except VitrineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print(banner(options.host, options.port, terminal=sys.stdout.isatty()), flush=True)  # noqa: T201
    # Else any client on this machine could choose its address: VITRINE_API_TRUSTED_PROXIES alone decides.
    uvicorn.run(app, host=options.host, port=options.port, proxy_headers=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
