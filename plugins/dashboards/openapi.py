"""``python -m dashboards.openapi``: the OpenAPI document of this environment's collections, alone."""

from __future__ import annotations

import contextlib
import json
import sys


def main() -> int:
    """Prints the document; 2 where the environment or a contract is wrong."""
    with contextlib.redirect_stdout(sys.stderr):  # Airflow logs to standard output while it is imported
        from common.utils.errors import VitrineError  # noqa: PLC0415
        from dashboards import URL_PREFIX  # noqa: PLC0415
        from dashboards.app import app_from_environment  # noqa: PLC0415

        try:
            document = app_from_environment(prefix=URL_PREFIX).openapi()
        except VitrineError as error:
            print(error)  # noqa: T201
            return 2
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
