"""One table or query of a database as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from common.io.sources import RESERVED, Item, Part, Scope, rejected, with_origin
from common.io.sources.cursors import lowered
from common.io.sources.settings import fingerprint
from common.io.sources.sql.cursor import bookmark_of, bound_of, lowered_like
from common.io.sources.sql.database import (
    Column,
    Session,
    Statement,
    Value,
    qualified,
    schema_of,
    select,
)
from common.io.sources.sql.opened import opened
from common.io.sources.sql.ranges import ranges
from common.io.sources.sql.settings import WINDOW, SqlSettings
from common.utils.errors import SourceError, did_you_mean


class SqlSource:
    """The table or query that the environment configures for one subject.

    Records whose cursor is null are read by every run. The bound of the cursor is inclusive, so that several
    records with the highest value are all there. Positions count the rows as they came, in no fixed
    order where a table is read by ranges.

    Args:
        settings: What is read.
        prefix: Of the environment variables, for messages.

    Raises:
        SourceError: The connection leads to no database that is known, or cannot be split.
    """

    def __init__(self, settings: SqlSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        self._database = opened(settings, prefix)
        if settings.split and not self._database.shares_snapshots:
            raise self._wrong(
                "SPLIT", "Only PostgreSQL lets several connections see one state of the data", "Leave it out."
            )

    @property
    def name(self) -> str:
        """For people: the table or query and the server."""
        return f"{self._item_name} of {self._database.place}"

    @property
    def fingerprint(self) -> str:
        """Of the place, the table or query, the cursor and the mapping."""
        used = self._settings
        return fingerprint("sql", self._database.place, used.table, used.query, used.cursor, *used.mapping)

    @property
    def dialect(self) -> str:
        """None: a table's content is known only by reading it."""
        return ""

    @property
    def incremental(self) -> bool:
        """Where it has a cursor."""
        return bool(self._settings.cursor)

    def items(self) -> list[Item]:
        """The table or query.

        Raises:
            SourceError: It cannot be reached, is not there, or lacks a column that the settings name.
        """
        with self._database.session() as session:
            columns = self._columns(session, {})
            rows = session.estimate(self._settings.table) if self._settings.table else 0
        return [Item(self._item_name, rows=rows, schema=schema_of(columns))]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The rows, from the bookmark on; the last part, without any, has the cursor's highest value.

        Raises:
            SourceError: The columns changed since :meth:`items` saw them, the server went away, or the
                bookmark does not fit.
        """
        window: dict[str, Value] = {"window_start": scope.window.start, "window_end": scope.window.end}
        with self._database.session() as session:
            columns = self._columns(session, window)
            self._demand_same(item, schema_of(columns))
            relation = self._relation(window)
            given, reached = scope.bookmark.get("cursor", ""), ""
            if self._settings.cursor:
                reached = self._reached(session, columns, relation, given)
            wanted = self._since(select(columns, relation, self._database.quote), columns, given)
            place, kept = 0, {"cursor": given} if given else {}
            for chunk in session.chunks(columns, self._ranges(session, columns, relation, wanted)):
                positions = range(place + 1, place + 1 + chunk.came)
                good = positions if chunk.kept is None else [positions[at] for at in chunk.kept]
                bad = [(positions[at], *rest) for at, *rest in chunk.bad]
                place += chunk.came
                records = with_origin(chunk.records, item, good)
                yield Part(records, rejected(item, bad), chunk.records.nbytes, bookmark=kept)  # type: ignore[arg-type]
        if reached:
            nothing = with_origin(pa.RecordBatch.from_pylist([], schema_of(columns)), item, [])
            yield Part(nothing, rejected(item, ()), bookmark={"cursor": reached})

    def keys(self, item: Item) -> Iterator[pa.RecordBatch]:
        """The key columns of all rows, as they are now; see :class:`common.io.sources.Keyed`.

        Raises:
            SourceError: The query is of one window, so not all keys are known.
        """
        if any(mark in self._settings.query for mark in WINDOW):
            raise SourceError(
                "A query of one window does not give all keys, and the contract asks for their comparison.",
                where=f"{self._prefix}QUERY",
                next_step="Take the window from the query, or deletions from the contract.",
            )
        with self._database.session() as session:
            columns = self._columns(session, {})
            self._demand_same(item, schema_of(columns))
            key = [_named(columns, name) for name in self._settings.key]
            for chunk in session.chunks(key, [select(key, self._relation({}), self._database.quote)]):
                yield chunk.records

    @property
    def _item_name(self) -> str:
        return self._settings.table or "query"

    def _relation(self, window: Mapping[str, Value]) -> Statement:
        quote, query = self._database.quote, self._settings.query.strip().rstrip(";")
        if self._settings.table:
            return Statement(qualified(self._settings.table, quote))
        used = {mark.strip("{}"): window.get(mark.strip("{}")) for mark in WINDOW if mark in query}
        return Statement(f"(\n{query}\n) AS {quote('q')}", used)  # its last line may be a comment

    def _columns(self, session: Session, window: Mapping[str, Value]) -> list[Column]:
        columns = session.columns(self._settings.table, self._relation(window))
        lower = [column.name.lower() for column in columns]
        wrong = [name for name in lower if lower.count(name) > 1 or name in RESERVED]
        if wrong:
            raise self._wrong(
                "QUERY" if self._settings.query else "TABLE",
                f'Two columns, or one of Vitrine\'s own, are named "{wrong[0]}"',
                "Give them other names by AS in QUERY.",
            )
        used = {"CURSOR": [self._settings.cursor], "SPLIT": [self._settings.split], "KEY": self._settings.key}
        for variable, name in (
            (variable, name) for variable, names in used.items() for name in names if name
        ):
            if name not in (column.name for column in columns):
                near = did_you_mean(name, [column.name for column in columns])
                raise self._wrong(variable, f'There is no column "{name}"', near)
        return columns

    def _demand_same(self, item: Item, schema: pa.Schema) -> None:
        if item.schema not in (None, schema):
            what = f"The columns of {item.name} changed while it was about to be read."
            raise SourceError(what, where=self._database.place, next_step="Run the task again.")

    def _reached(self, session: Session, columns: Sequence[Column], relation: Statement, given: str) -> str:
        """The highest value of the cursor there is now; empty where there is none.

        Raises:
            SourceError: It is below the bookmark's, or either of them is none that a run can go on from.
        """
        column = _named(columns, self._settings.cursor)
        top = f"max({self._database.quote(column.name)})"
        values, below = dict(relation.values), "0"
        if given:
            values["bookmark"] = self._parsed(column, given)
            below = f"CASE WHEN {top} < {column.bound.format('{bookmark}')} THEN 1 ELSE 0 END"
        text = f"SELECT {session.as_text(top)}, {below} FROM {relation.text}"  # noqa: S608 (names are quoted)
        found, is_below = session.first(Statement(text, values))
        if given and (found is None or is_below == "1"):
            raise SourceError(
                f"The highest {column.name} is {found or 'null'}, below the bookmark {given}: "
                "rows are gone, or it is another table or an older copy.",
                where=self.name,
                next_step="If that is right, trigger the DAG with full_refresh to read all again.",
            )
        try:
            return "" if found is None else bookmark_of(column, found)
        except ValueError:
            raise SourceError(
                f'The highest {column.name} is "{found}", from which no later run could go on.',
                where=self.name,
                next_step="Correct that row, or leave it out by QUERY.",
            ) from None

    def _since(self, wanted: Statement, columns: Sequence[Column], given: str) -> Statement:
        if not (self._settings.cursor and given):
            return wanted
        column = _named(columns, self._settings.cursor)
        name = self._database.quote(column.name)
        lower = lowered_like(column, given, lowered(given, self._settings.overlap))
        reached = f"{name} >= {column.bound.format('{cursor}')}"
        return wanted.where(f"({reached} OR {name} IS NULL)", cursor=self._parsed(column, lower))

    def _parsed(self, column: Column, bookmark: str) -> Value:
        try:
            return bound_of(column, bookmark)
        except (ValueError, ArithmeticError):
            raise SourceError(
                f'The bookmark "{bookmark}" is no value of {column.name}, which is {column.type}.',
                where=f"{self._prefix}CURSOR={column.name}",
                next_step="Set the cursor back, or trigger the DAG with full_refresh to read all again.",
            ) from None

    def _ranges(
        self, session: Session, columns: Sequence[Column], relation: Statement, wanted: Statement
    ) -> list[Statement]:
        """One statement, or one for each range of the split."""
        if not self._settings.split:
            return [wanted]
        column = _named(columns, self._settings.split)
        if not pa.types.is_integer(column.type):
            raise self._wrong("SPLIT", f"{column.name} is {column.type}", "Choose a column of whole numbers.")
        name = self._database.quote(column.name)
        text = f"SELECT min({name}), max({name}) FROM {relation.text}"  # noqa: S608 (names are quoted)
        low, high = session.first(Statement(text, relation.values))
        if low is None or high is None:
            return [wanted]
        return ranges(wanted, column, name, (int(low), int(high)), self._settings.parallel)

    def _wrong(self, variable: str, what: str, step: str) -> SourceError:
        return SourceError(f"{what}.", where=f"{self._prefix}{variable}", next_step=step)


def _named(columns: Sequence[Column], name: str) -> Column:
    return next(column for column in columns if column.name == name)
