"""``python -m dashboards.token``: a bearer token of one of Airflow's users, as the last line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from airflow.sdk.configuration import conf

from common.utils.errors import VitrineError
from dashboards.security import issue_token


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a token; 2 where there is none to be had."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.token", description=__doc__)
    parser.add_argument("--user", help="a user of the simple auth manager (default: the first)")
    options = parser.parse_args(arguments)
    try:
        token, user = issue_token(options.user)
    except VitrineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    hours = conf.getint("api_auth", "jwt_expiration_time") / 3600
    print(f"For {user}, valid for {hours:g} hours:", file=sys.stderr)  # noqa: T201
    print(token)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
