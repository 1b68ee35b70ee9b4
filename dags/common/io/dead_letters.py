"""Rejected records, kept whole with the reason, by run and stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from common.io import lake
from common.io.partitions import Condition, as_sql, run_condition
from common.io.sources import ORIGIN, REJECTED
from common.utils.quoting import literal
from common.utils.settings import Settings

Stage = Literal["extract", "transform"]

PARTITIONS = ("_run", "_stage")
SCHEMA = pa.schema(
    [*REJECTED, *(pa.field(name, pa.string()) for name in (*PARTITIONS, "_source", "_replayed"))]
)
"""``record`` is the raw text of what could not be read, else all columns as received as one JSON object.
``_source`` is the fingerprint of the source. ``_replayed`` is the run that accepted the record later; null
while none has."""

CONTENT = "CASE WHEN _digest = sha256(_item) THEN sha256(record) ELSE _digest END"
"""What the position is of: where that is no content, it is another at each reading, so the record itself."""

IDENTITY = (("_item", "_item"), ("_content", "_digest"), ("_position", "_position"))
"""By which a letter, with ``CONTENT``, and a record that was accepted are the same."""


ORDER = ("_run", "_table", "_item", "lpad(_position, 20, '0')", "_stage", "rule", "field", "_digest")
"""By which dead letters are listed, as texts."""


def replace(  # noqa: PLR0913 (what is written, and whose it is)
    uri: str, rows: Iterator[pa.RecordBatch], *, run_id: str, stage: Stage, source: str, some: bool
) -> None:
    """Makes ``rows`` the dead letters of one stage of a run, in place of those of an earlier try.

    Args:
        uri: Of the table.
        rows: In the schema ``REJECTED``.
        run_id: Whose they are.
        stage: Which of the run's verbs rejected them.
        source: Fingerprint of where they came from.
        some: False where there is no row; then nothing is written unless an earlier try left some.
    """
    keep: Condition = [[("_run", "=", run_id), ("_stage", "=", stage)]]
    if not some and not lake.holds(uri, keep):
        return
    reader = pa.RecordBatchReader.from_batches(
        SCHEMA, (_signed(batch, run_id, stage, source) for batch in rows)
    )
    lake.replace(uri, reader, run_id=run_id, predicate=as_sql(keep), partition_by=PARTITIONS)


def read(engine: duckdb.DuckDBPyConnection, uri: str, run_id: str | None = None) -> pa.Table:
    """The dead letters of one run, or of all, in the order of items and positions."""
    keep = run_condition(run_id) if run_id else []
    rows: pa.Table = _scan(engine, uri, keep).order("_run, _item, _position").to_arrow_table()
    return rows


def waiting(
    engine: duckdb.DuckDBPyConnection, uri: str, *, rule: str = "", source: str = "", run_id: str = ""
) -> pa.Table:
    """Those that no run has accepted since, one of each record: runs that read it again rejected it again.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uri: Of the table.
        rule: By which they were rejected; empty: by any.
        source: Fingerprint of where they came from; empty: from anywhere.
        run_id: A replay that is tried again, for which those that it accepted before wait still.

    Returns:
        In the schema ``SCHEMA``; ``_digest`` as ``CONTENT`` says.
    """
    mine = literal(run_id)
    found = _scan(engine, uri, []).filter(f"_run <> {mine} AND coalesce(_replayed, {mine}) = {mine}")
    if rule:
        found = found.filter(f"rule = {literal(rule)}")
    if source:
        found = found.filter(f"_source = {literal(source)}")
    found = found.project(f"* REPLACE ({CONTENT} AS _digest)")
    origin = ", ".join(ORIGIN.names)
    found.create_view("letters")
    chosen = engine.sql(f"SELECT DISTINCT ON ({origin}) * FROM letters ORDER BY {origin}")  # noqa: S608 (our own)
    rows: pa.Table = chosen.to_arrow_table()
    return rows


def mark(engine: duckdb.DuckDBPyConnection, uri: str, accepted: duckdb.DuckDBPyRelation, run_id: str) -> None:
    """Marks the dead letters of records that a run accepted; the letters that it wrote itself go.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uri: Of the table.
        accepted: The records, by ``ORIGIN``.
        run_id: Of the run.
    """
    at = lake.version(uri)
    if at < 0:
        return
    _scan(engine, uri, []).project(f"*, {CONTENT} AS _content").create_view("letters")
    accepted.create_view("accepted")
    own = literal(run_id)
    same = " AND ".join(f"letters.{mine} = accepted.{theirs}" for mine, theirs in IDENTITY)
    engine.execute(
        "CREATE TABLE marked AS SELECT letters.* REPLACE "  # noqa: S608 (quoted)
        f"(CASE WHEN accepted._item IS NULL THEN _replayed ELSE coalesce(_replayed, {own}) END AS _replayed) "
        f"FROM letters LEFT JOIN accepted ON {same} WHERE letters._run <> {own} AND letters._run IN "
        f"(SELECT letters._run FROM letters SEMI JOIN accepted ON {same} WHERE _replayed IS NULL)"
    )
    runs = [run for (run,) in engine.sql("SELECT DISTINCT _run FROM marked").fetchall()]
    keep: Condition = [[("_run", "=", run)] for run in [run_id, *runs]]
    if not lake.holds(uri, keep):
        return
    rows = engine.table("marked").project(", ".join(SCHEMA.names)).to_arrow_table().cast(SCHEMA)
    lake.replace(uri, rows, run_id=run_id, predicate=as_sql(keep), partition_by=PARTITIONS, base=at)


def repeated(
    engine: duckdb.DuckDBPyConnection, uri: str, run_id: str, published: Callable[[str], bool]
) -> int:
    """How many of a run's dead letters are of records that a run which was published rejected before.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uri: Of the table.
        run_id: Of the run.
        published: Whether another run was, by its id.
    """
    letters = _scan(engine, uri, []).project(f"_run, _item, {CONTENT} AS _content, record")
    letters.create_view("counted")
    own = literal(run_id)
    before = engine.sql(
        f"SELECT DISTINCT one._run, other._run FROM counted AS one JOIN counted AS other "  # noqa: S608
        f"USING (_item, _content, record) WHERE one._run = {own} AND other._run <> {own}"
    ).fetchall()
    runs = ", ".join(literal(run) for _, run in before if published(run))
    if not runs:
        return 0
    ((found,),) = engine.sql(
        f"SELECT count(*) FROM counted AS one SEMI JOIN (FROM counted WHERE _run IN ({runs})) AS other "  # noqa: S608
        f"USING (_item, _content, record) WHERE one._run = {own}"
    ).fetchall()
    return int(found)


def _scan(engine: duckdb.DuckDBPyConnection, uri: str, keep: Condition) -> duckdb.DuckDBPyRelation:
    """All columns, also of letters that were written before there was one of them."""
    at = lake.version(uri)
    if at < 0:
        return engine.from_arrow(SCHEMA.empty_table())
    found = lake.scan(engine, uri, at, keep=keep)
    names = (name if name in found.columns else f"CAST(NULL AS VARCHAR) AS {name}" for name in SCHEMA.names)
    return found.project(", ".join(names))


def table_uri(settings: Settings, domain: str, subject: str, *, dry_run: bool = False) -> str:
    """Where the dead letters of a subject stand."""
    return lake.table_uri(settings, "dead_letters", domain, subject, dry_run=dry_run)


def _signed(batch: pa.RecordBatch, run_id: str, stage: Stage, source: str) -> pa.RecordBatch:
    own = [
        *(pa.repeat(value, batch.num_rows) for value in (run_id, stage, source)),
        pa.nulls(batch.num_rows, pa.string()),
    ]
    return pa.record_batch([*batch.select(REJECTED.names).columns, *own], schema=SCHEMA)


def listed(
    engine: duckdb.DuckDBPyConnection,
    uris: Mapping[str, str],
    *,
    rule: str = "",
    after: Sequence[str] = (),
    limit: int = 100,
) -> tuple[dict[str, int], pa.Table]:
    """How many records each rule rejected, and a page of them in the order of ``ORDER``.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uris: Of the tables by the name of the source; that of a subject's only source is empty.
        rule: By which they were rejected; empty: by any.
        after: The last record's ``_order``; empty for the first page.
        limit: Rows at most.

    Returns:
        Counts of all rules, whatever ``rule`` is; rows in the schema ``SCHEMA``, ``_position`` as text, with
        ``_table``, the name of the source, and ``_order``, the values of ``ORDER``.
    """
    for number, uri in enumerate(uris.values()):
        _scan(engine, uri, []).create_view(f"letters_{number}")
    every = " UNION ALL BY NAME ".join(
        f"SELECT *, {literal(name)} AS _table FROM letters_{number}"  # noqa: S608 (quoted)
        for number, name in enumerate(uris)
    )
    letters = engine.sql(every)
    counts = letters.aggregate("rule, count(*) AS found", "rule").order("found DESC, rule").fetchall()
    keys = ", ".join(f"coalesce({key}, '')" for key in ORDER)
    letters = letters.project("* REPLACE (CAST(_position AS VARCHAR) AS _position)")
    if rule:
        letters = letters.filter(f"rule = {literal(rule)}")
    if after:
        values = ", ".join(map(literal, after))
        letters = letters.filter(f"({keys}) > ({values})")
    page: pa.Table = letters.project(f"*, [{keys}] AS _order").order(keys).limit(limit).to_arrow_table()
    return dict(counts), page


def tables(settings: Settings, domain: str, subject: str, sources: Iterable[str] = ()) -> dict[str, str]:
    """The tables of a subject's dead letters by the name of the source, which is empty for its only one.

    Args:
        settings: Where the lake is.
        domain: Of the subject.
        subject: Its name.
        sources: Names that are known; those of a lake in a local folder are found there.
    """
    uri = table_uri(settings, domain, subject)
    found = {name: f"{uri}/{name}" for name in sources}
    if "://" not in uri and Path(uri).is_dir():
        there = (path for path in Path(uri).iterdir() if (path / "_delta_log").is_dir())
        found |= {path.name: str(path) for path in sorted(there)}
    return {"": uri, **found}
