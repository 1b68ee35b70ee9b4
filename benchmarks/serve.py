"""How many requests one process of the read API answers for a hundred connections, and how fast.

``make bench NAME=serve``: the whole API with its sign-in, limits and audit, in one uvicorn process; the load
comes from another process. Beside it a bare FastAPI app that answers constants of the same sizes, and the
same figures computed from the raw order lines in SQLite. The rounds go through all cases, ours and bare in
turns; what is told is the round with the median rate.
"""

import argparse
import asyncio
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from reads import free_port, percentile, wait_for
from shared import report
from shared.client import CONNECTIONS, Result, again, connection, measured, request
from shared.sales import CONTRACT, FIRST, rows
from shared.versioned import BATCH, Versioned

DAYS = 365
PAGE = "/collections/sales/product_revenue"
DAY = (FIRST + timedelta(days=200)).isoformat()
CASES: Mapping[str, str] = {
    "page of 100": f"{PAGE}?limit=100",
    "single key": f"{PAGE}?date={DAY}&product_id=P000042",
    "filtered page": f"{PAGE}?date__gte={DAY}&sort=-revenue&limit=50",
    "304": f"{PAGE}?limit=100",
    "page not kept": f"{PAGE}?limit=100&date__gte={{day}}&order_lines__gte=-{{number}}",
}
RAW = {
    "page of 100": "GROUP BY date, product_id ORDER BY date, product_id LIMIT 100",
    "single key": f"WHERE date = '{DAY}' AND product_id = 'P000042' GROUP BY date, product_id",
    "filtered page": f"WHERE date >= '{DAY}' GROUP BY date, product_id ORDER BY 3 DESC LIMIT 50",
}
LINES_A_ROW = 20


def serve_api(url: str, home: str, port: int, tokens: Any) -> None:
    """The whole API; tells a viewer's token once it is ready."""
    import uvicorn

    from common.io.collections import open_store
    from common.utils.settings import Settings
    from dashboards.app import create_app
    from dashboards.security import issue_token, prepare_alone

    prepare_alone()
    store = open_store(url, batch_size=BATCH, read_only=True)
    app = create_app({CONTRACT.name: CONTRACT}, store, settings=Settings(home=Path(home)))
    tokens.put(issue_token(None)[0])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def serve_bare(sizes: Mapping[str, int], port: int) -> None:
    """A FastAPI app that answers a constant of each size."""
    import uvicorn
    from fastapi import FastAPI
    from starlette.responses import Response

    app = FastAPI()
    bodies = {name: b'"' + b"x" * (size - 2) + b'"' if size else b"" for name, size in sizes.items()}

    @app.get("/{name}")
    async def constant(name: str) -> Response:
        status = 200 if bodies[name] else 304
        return Response(bodies[name], status, media_type="application/json")

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def api_requests(name: str, port: int, token: str, part: int = 0) -> list[bytes]:
    """What is asked in one case; a page that is not kept has not been asked for before, in another part."""
    path, bearer = CASES[name], f"Bearer {token}"
    if name == "304":
        from urllib.request import Request, urlopen

        asked = Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": bearer})
        with urlopen(asked) as answer:
            tag = answer.headers["ETag"]
        return [request(path, Authorization=bearer, If_None_Match=tag)]
    days = [(FIRST + timedelta(days=day)).isoformat() for day in range(DAYS)]
    count = 20_000 if "{day}" in path else 1  # more than there is time for
    return [
        request(path.format(day=days[number % DAYS], number=part * count + number), Authorization=bearer)
        for number in range(count)
    ]


def raw_seconds(folder: Path, products: int) -> dict[str, float]:
    """The fastest of three answers from order lines, which stand as they came, by case."""
    database = sqlite3.connect(folder / "raw.db")
    database.execute("CREATE TABLE lines (date TEXT, product_id TEXT, quantity INT, price INT)")
    lines = (
        ((date(2026, 1, 1) + timedelta(days=day)).isoformat(), f"P{product:06}", 1 + line % 5, 100 + day)
        for line in range(LINES_A_ROW)
        for day in range(DAYS)
        for product in range(products)
    )
    database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", lines)
    database.commit()
    select = "SELECT date, product_id, sum(quantity * price), sum(quantity), count(*) FROM lines"
    return {
        name: min(
            report.seconds(lambda rest=rest: database.execute(f"{select} {rest}").fetchall())
            for _ in range(3)
        )
        for name, rest in RAW.items()
    }


def single_seconds(port: int, token: str) -> dict[str, float]:
    """The median of the API's answers to one connection, by case, after a second that is not counted."""
    found = {}
    for name in RAW:
        for seconds in (1, 2):
            results = Result([], 0, seconds)
            lines = again(api_requests(name, port, token))

            async def ask(lines: Iterator[bytes] = lines, results: Result = results) -> None:
                await connection(port, lines, time.perf_counter() + results.seconds, results)

            asyncio.run(ask())
        found[name] = percentile(sorted(results.took), 0.5)
    return found


def size_of(port: int, lines: list[bytes]) -> int:
    """Bytes of the body of the first answer."""
    result = Result([], 0, 1)
    asyncio.run(connection(port, iter(lines), time.perf_counter() + 1e-9, result))
    return result.size


def main() -> int:
    """Prints a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200, help="rows of a day, of 365")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ.update(environment(home))
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
        url = f"sqlite:///{home / 'collections.db'}"
        Versioned(url).load(rows(range(DAYS), asked.products), range(DAYS))
        show(
            *measure(url, home, asked.seconds, asked.rounds),
            raw_seconds(home, asked.products),
            asked.products,
        )
    return 0


def environment(home: Path) -> dict[str, str]:
    """Airflow with a metadata database of its own; limits that count and never refuse."""
    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-this-benchmark-alone-" + "x" * 40,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ann:viewer",
        "VITRINE_API_RATE_USER": "1000000/second",
        "VITRINE_API_RATE_ADDRESS": "1000000/second",
    }


def measure(
    url: str, home: Path, seconds: float, rounds: int
) -> tuple[dict[str, Result], dict[str, Result], dict[str, float]]:
    """The API, the bare app, and the API for one connection."""
    context = multiprocessing.get_context("spawn")
    port, bare_port, tokens = free_port(), free_port(), context.Queue()
    api = context.Process(target=serve_api, args=(url, str(home), port, tokens), daemon=True)
    api.start()
    token = tokens.get()
    wait_for(port)
    alone = single_seconds(port, token)
    sizes = {str(at): size_of(port, api_requests(name, port, token)) for at, name in enumerate(CASES)}
    bare = context.Process(target=serve_bare, args=(sizes, bare_port), daemon=True)
    bare.start()
    wait_for(bare_port)
    ours: dict[str, list[Result]] = {name: [] for name in CASES}
    plain: dict[str, list[Result]] = {name: [] for name in CASES}
    for number in range(rounds):
        for at, name in enumerate(CASES):  # one after the other, so that both meet the same machine
            lines = api_requests(name, port, token, number)
            ours[name].append(measured(port, lines, seconds, api.pid or 0))
            plain[name].append(measured(bare_port, [request(f"/{at}")], seconds, bare.pid or 0))
    for process in (api, bare):
        process.terminate()
        process.join()
    return median(ours), median(plain), alone


def median(found: Mapping[str, list[Result]]) -> dict[str, Result]:
    """Of each case the round with the median rate."""
    return {
        name: sorted(rounds, key=lambda one: one.rate)[len(rounds) // 2] for name, rounds in found.items()
    }


def show(
    ours: dict[str, Result],
    bare: dict[str, Result],
    alone: dict[str, float],
    raw: dict[str, float],
    products: int,
) -> None:
    """The tables."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{CONNECTIONS} connections, {DAYS * products:,} rows; {report.machine()}; load average {load}\n")
    head = ["", "requests/s", "p50 ms", "p95 ms", "CPU µs", "bytes"]
    head += ["bare: requests/s", "p95 ms", "CPU µs", "ours / bare", "by CPU"]
    lines = []
    for name, result in ours.items():
        spread = [f"{percentile(result.took, share) * 1000:.1f}" for share in (0.5, 0.95)]
        spread += [f"{result.cost * 1e6:,.0f}", f"{result.size:,}"]
        plain = [f"{bare[name].rate:,.0f}", f"{percentile(bare[name].took, 0.95) * 1000:.1f}"]
        plain.append(f"{bare[name].cost * 1e6:,.0f}")
        ratios = [f"{result.rate / bare[name].rate:.2f}", f"{bare[name].cost / result.cost:.2f}"]
        lines.append([name, f"{result.rate:,.0f}", *spread, *plain, *ratios])
    print(report.table(head, lines))
    print(f"\nOne connection, beside SQLite over {DAYS * products * LINES_A_ROW:,} order lines:\n")
    lines = [
        [name, report.duration(alone[name]), report.duration(raw[name]), f"{raw[name] / alone[name]:,.0f}"]
        for name in raw
    ]
    print(report.table(["", "collection", "raw order lines", "times as fast"], lines))


if __name__ == "__main__":
    sys.exit(main())
