"""``python -m vitrine``."""

from __future__ import annotations

import logging

from vitrine.app import app
from vitrine.output import StandardError

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, handlers=[StandardError()])
    app(prog_name="vitrine")
