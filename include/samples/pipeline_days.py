"""The run records of an invented house with a warehouse: a day's files follow from the seed and the day.

An orchestrator that sends OpenLineage events, dbt every night, a Singer tap once a day, and a table of cron
jobs. They have what real ones have: runs that fail for days on end, runs that never end, events twice, states
that are corrected later, events that are templates, and credentials in errors. Only ``random()`` is drawn,
which Python promises to keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

PRODUCER = "https://example.org/orchestrator/2.4"
JOBS = (  # name, owner, runs a day, usual seconds, share of failures
    ("warehouse.load_orders", "sales-data", 24, 95, 0.01),
    ("warehouse.load_returns", "sales-data", 4, 40, 0.03),
    ("warehouse.load_clicks", "web-data", 24, 310, 0.04),
    ("finance.close_day", "finance-data", 1, 1400, 0.02),
    ("crm.sync_contacts", None, 12, 25, 0.08),
)
MODELS = (  # name, rows, usual seconds
    ("model.shop.stg_orders", 42_000, 8),
    ("model.shop.stg_customers", 9_000, 3),
    ("model.shop.revenue", 1_200, 21),
    ("test.shop.not_null_orders_id", None, 2),
    ("test.shop.unique_customers_id", None, 2),
)
STREAMS = (("tickets", 240), ("agents", 12), ("satisfaction", 60))
CRON = (  # name, owner, hour, usual seconds, share of failures
    ("backup_databases", "platform", 1, 900, 0.02),
    ("rotate_logs", "platform", 2, 30, 0.0),
    ("send_invoices", "finance-data", 6, 210, 0.05),
    ("legacy_export", "unknown hands", 4, 600, 0.3),
)
ERRORS = (
    "OperationalError: could not connect to postgresql://loader:not-a-password@warehouse:5432/shop",
    "TimeoutError: no answer within 300 s",
    "PermissionError: token=not-a-token is expired",
    'KeyError: "customer_id"',
)

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "airflow": {"SOURCE": "runs", "FORMAT": "airflow"},
    "openlineage": {"SOURCE": "runs", "FORMAT": "openlineage", "PATH": "{folder}/openlineage"},
    "dbt": {"SOURCE": "runs", "FORMAT": "dbt", "PATH": "{folder}/dbt"},
    "singer": {"SOURCE": "runs", "FORMAT": "singer", "PATH": "{folder}/singer"},
    "runs": {
        "SOURCE": "files",
        "PATH": "{folder}/cron",
        "COLUMNS": "system=host,pipeline=job,run_id=number,owner=team,state=result,"
        "started_at=began,ended_at=ended,expected_every=every,error=message",
        "KEY": "number",
        "UPDATED_AT": "noted_at",
    },
}


def files(seed: int, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Relative path and content of each file."""
    for at in range((last - first).days + 1):
        day = first + timedelta(days=at)
        random = Random(f"{seed} {day}")  # noqa: S311 (a sample, and the same one every time)
        yield f"openlineage/{day}.ndjson", "".join(_events(random, day))
        yield f"dbt/run_results-{day}.json", _results(random, day)
        yield f"singer/helpdesk-{day}.jsonl", "".join(_messages(random, day))
        yield f"cron/jobs-{day}.csv", "".join(_jobs(random, day))


def _at(day: date, seconds: float) -> str:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=int(seconds))
    return moment.isoformat().replace("+00:00", "Z")


def _lasting(random: Random, usual: float) -> float:
    """Mostly about as usual, now and then three times as long."""
    return usual * (0.7 + random.random() * 0.6) * (3 if random.random() < 0.03 else 1)


def _failing(random: Random, day: date, share: float) -> bool:
    """By chance; and one job is broken on the first three days of a month."""
    return random.random() < share or (share > 0.05 and day.day <= 3)


def _error(random: Random) -> str:
    return ERRORS[int(random.random() * len(ERRORS))]


def _events(random: Random, day: date) -> Iterator[str]:
    for name, owner, runs, usual, share in JOBS:
        for at in range(runs):
            start = 86_400 / runs * at + random.random() * 60
            run, end = f"{name}-{day}-{at:02}", start + _lasting(random, usual)
            event = _event(name, owner, run, _at(day, start))
            yield _line(event | {"eventType": "START"})
            if random.random() < 0.005:  # it was killed, and nobody noticed
                continue
            ended = _ended(random, event | {"eventTime": _at(day, end)}, _failing(random, day, share))
            yield _line(ended) * (2 if random.random() < 0.01 else 1)
    if random.random() < 0.2:
        yield _line(_event("warehouse.new", None, "{{ run_id }}", _at(day, 60)) | {"eventType": "START"})


def _event(name: str, owner: str | None, run: str, at: str) -> dict[str, Any]:
    owners = {"ownership": {"owners": [{"name": owner, "type": "TEAM"}]}} if owner else {}
    job = {"namespace": "orchestrator", "name": name, "facets": owners}
    return {"eventTime": at, "run": {"runId": run, "facets": {}}, "job": job, "producer": PRODUCER}


def _ended(random: Random, event: dict[str, Any], failed: bool) -> dict[str, Any]:
    if failed:
        facet = {"errorMessage": {"message": _error(random), "programmingLanguage": "PYTHON"}}
        return event | {"eventType": "FAIL", "run": event["run"] | {"facets": facet}}
    rows = {"outputStatistics": {"rowCount": int(random.random() * 5_000)}}
    output = {"namespace": "warehouse", "name": event["job"]["name"], "outputFacets": rows}
    return event | {"eventType": "COMPLETE", "outputs": [output]}


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document) + "\n"


def _results(random: Random, day: date) -> str:
    results, clock = [], 3 * 3600.0
    for name, rows, usual in MODELS:
        seconds = _lasting(random, usual)
        failed = _failing(random, day, 0.02)
        good = "success" if name.startswith("model") else "pass"
        timing = [
            {"name": "execute", "started_at": _at(day, clock), "completed_at": _at(day, clock + seconds)}
        ]
        results.append(
            {
                "status": "error" if failed else good,
                "timing": timing,
                "execution_time": round(seconds, 6),
                "adapter_response": {} if rows is None or failed else {"rows_affected": rows},
                "message": _error(random) if failed else None,
                "unique_id": name,
            }
        )
        clock += seconds
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "generated_at": _at(day, clock + 1),
        "invocation_id": f"nightly-{day}",
    }
    return json.dumps({"metadata": metadata, "results": results, "elapsed_time": round(clock - 3 * 3600, 3)})


def _messages(random: Random, day: date) -> Iterator[str]:
    for stream, usual in STREAMS:
        yield _line({"type": "SCHEMA", "stream": stream, "schema": {}, "key_properties": ["id"]})
        clock = 5 * 3600.0
        for number in range(int(_lasting(random, usual))):
            clock += random.random()
            record = {"type": "RECORD", "stream": stream, "record": {"id": number}}
            yield _line(record | {"time_extracted": _at(day, clock)})
        if random.random() > 0.02:
            yield _line({"type": "STATE", "value": {"bookmarks": {stream: {"updated_at": _at(day, clock)}}}})


def _jobs(random: Random, day: date) -> Iterator[str]:
    yield "number,host,job,team,result,began,ended,every,message,noted_at\n"
    for at, (name, team, hour, usual, share) in enumerate(CRON):
        start = hour * 3600 + random.random() * 30
        end, failed = start + _lasting(random, usual), _failing(random, day, share)
        owner = "" if team == "unknown hands" else team
        number = f"{day:%Y%m%d}{at}"
        begun = f"{number},batch-1,{name},{owner}"
        yield f"{begun},started,{_at(day, start)},,1d,,{_at(day, start)}\n"
        if random.random() < 0.01:
            yield f"{begun},done,{_at(day, start)},at noon,1d,,{_at(day, end)}\n"
            continue
        result, message = ("error", _error(random).replace('"', "'")) if failed else ("ok", "")
        yield f"{begun},{result},{_at(day, start)},{_at(day, end)},1d,{message},{_at(day, end)}\n"
