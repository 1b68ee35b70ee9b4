"""Runs one verb in a process of its own, so that a test can kill it for real.

``python worker.py VERB INPUT OUTPUT``: INPUT holds the run (extract) or the reference of the verb before,
OUTPUT gets the verb's reference, whole or not at all. A line ``started`` says that imports are done.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.verbs import pipeline
from common.verbs.references import Extracted, Loaded, Run, Transformed, Validated, from_json, to_json
from common.verbs.subject import Subject

SUBJECT = Subject("sales", "product_revenue", 1)


def perform(verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
    settings = Settings.from_environment()
    contract = load_contract(settings.contracts / "sales" / "product_revenue.odcs.yaml")
    match verb:
        case "extract":
            run = TypeAdapter(Run).validate_python(given)
            return to_json(pipeline.extract_live(SUBJECT.intake("order_lines"), contract, settings, run))
        case "transform":
            return to_json(pipeline.transform(SUBJECT, settings, [from_json(Extracted, given)]))
        case "validate":
            return to_json(pipeline.validate(contract, settings, from_json(Transformed, given)))
        case "load":
            return to_json(pipeline.load(contract, settings, from_json(Validated, given)))
        case "publish":
            pipeline.publish(contract, settings, from_json(Loaded, given))
            return None
    raise SystemExit(f"no such verb: {verb}")


def main(verb: str, source: Path, target: Path) -> None:
    given = json.loads(source.read_text())
    sys.stdout.write("started\n")
    sys.stdout.flush()
    result = perform(verb, given)
    scratch = target.with_suffix(".part")
    scratch.write_text(json.dumps(result))
    scratch.replace(target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
