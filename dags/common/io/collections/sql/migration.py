"""The tables of one collection made to fit its contract: created, widened, indexed, and shown by a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Inspector, Table, inspect, select, table, text
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from common.io.collections.encoding import CHUNK, SYSTEM, collection_name
from common.io.collections.sql.dialect import Dialect
from common.io.collections.sql.errors import alike
from common.io.collections.sql.tables import COLLECTIONS, MANIFESTS, OURS, SHARED, rows_name
from common.utils.contract import Contract
from common.utils.errors import ContractError

UNIQUE = "Publish rows that are unique by {}, and vacuum the versions before; or raise the major version."


def fits(connection: Connection, contract: Contract, rows: Table, dialect: Dialect) -> bool:
    """Whether all is as the contract has it; looking takes no lock, and no right to change a schema."""
    inspector = inspect(connection)
    if not all(inspector.has_table(one.name) for one in (*SHARED, rows)):
        return False
    return not (
        _missing_columns(inspector, rows)
        or any(_drifted_indexes(inspector, rows))
        or dialect.retype(connection, rows)
        or _hidden_columns(connection, contract, rows)
    )


def widen(connection: Connection, contract: Contract, rows: Table, dialect: Dialect) -> None:
    """Creates the tables and the view that are missing, and adds columns."""
    for one in (*SHARED, rows):
        connection.execute(CreateTable(one, if_not_exists=True))
    inspector = inspect(connection)
    known = [column["name"] for column in inspector.get_columns(rows.name)]
    added = _missing_columns(inspector, rows)
    for column in added:
        definition = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, rows.name)} ADD COLUMN {definition}")
    if added or _hidden_columns(connection, contract, rows):
        view = collection_name(contract)
        names = [*known, *(column.name for column in added)]
        select = _live_rows(connection, contract, names, dialect)
        for statement in dialect.replace_view(_quoted(connection, view), select):
            connection.exec_driver_sql(statement)


def index(connection: Connection, rows: Table, dialect: Dialect) -> None:
    """Builds the indexes that are missing and drops those that are no longer declared."""
    dropped, missing = _drifted_indexes(inspect(connection), rows)
    for name in dropped:
        quoted, table = _quoted(connection, name), _quoted(connection, rows.name)
        on = f" ON {table}" if connection.dialect.name in ("mysql", "mariadb") else ""
        connection.exec_driver_sql(f"DROP INDEX {quoted}{on}")
    for statement in dialect.retype(connection, rows):
        connection.exec_driver_sql(statement)
    with alike(rows, ContractError, rows.name, UNIQUE):
        for one in missing:
            connection.execute(CreateIndex(one))


def _missing_columns(inspector: Inspector, rows: Table) -> list[Column[Any]]:
    known = {column["name"] for column in inspector.get_columns(rows.name)}
    return [column for column in rows.columns if column.name not in known]


def _hidden_columns(connection: Connection, contract: Contract, rows: Table) -> set[str]:
    """The fields that the view does not show: all where there is none.

    Where each change of a schema commits by itself, a killed process leaves a view without its new columns.
    """
    wanted = {field.name for field in (*contract.fields, *SYSTEM)}
    view = collection_name(contract)
    if view not in inspect(connection).get_view_names():
        return wanted
    # On MySQL the inspector would need the right SHOW VIEW.
    nothing = select(text("*")).select_from(table(view)).limit(0)
    return wanted - set(connection.execute(nothing).keys())


def _drifted_indexes(inspector: Inspector, rows: Table) -> tuple[list[str], list[Index]]:
    """The names of those of ours that are no longer declared, others' stay; and those that are missing."""
    known = {str(one["name"]) for one in inspector.get_indexes(rows.name)}
    wanted = {str(one.name): one for one in rows.indexes}
    dropped = [name for name in sorted(known - wanted.keys()) if name.startswith(OURS)]
    return dropped, [wanted[name] for name in sorted(wanted.keys() - known)]


def _live_rows(connection: Connection, contract: Contract, names: Sequence[str], dialect: Dialect) -> str:
    """What the view of the live version selects, in the order in which the table got its columns.

    So a new field comes last, and the view can be replaced in place.
    """
    fields = {field.name: field for field in (*contract.fields, *SYSTEM)}
    shown = []
    for field in (fields[name] for name in names if name in fields):
        column = _quoted(connection, field.name)
        shown.append(f"{dialect.shown(field, column)} AS {column}")
    name, rows = collection_name(contract).replace("'", "''"), _quoted(connection, rows_name(contract))
    return (
        f"SELECT {', '.join(shown)} FROM {rows} WHERE {_quoted(connection, CHUNK)} IN "  # noqa: S608 (a contract's)
        f"(SELECT m.chunk FROM {MANIFESTS.name} m JOIN {COLLECTIONS.name} c "
        f"ON c.name = m.collection AND c.live = m.stored WHERE c.name = '{name}')"
    )


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
