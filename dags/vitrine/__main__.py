"""``python -m vitrine``."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        import logging

        from vitrine.app import app
        from vitrine.output import StandardError

        logging.basicConfig(level=logging.WARNING, handlers=[StandardError()])
        app(prog_name="vitrine")
    except KeyboardInterrupt:  # before the commands are there; they see to it themselves
        sys.exit(130)
