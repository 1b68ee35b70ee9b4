"""The tables of one collection made to fit its contract: created, widened, indexed, and shown by a view."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, inspect
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from common.io.collections.encoding import CHUNK, SYSTEM, collection_name
from common.io.collections.sql.dialect import Dialect
from common.io.collections.sql.tables import COLLECTIONS, MANIFESTS, OURS, SHARED, rows_name
from common.utils.contract import Contract


def migrate(connection: Connection, contract: Contract, rows: Table, dialect: Dialect) -> None:
    """Creates what is missing, adds columns, builds and drops indexes; called again, it changes nothing."""
    with dialect.changing_schema(connection, collection_name(contract)):
        for table in (*SHARED, rows):
            connection.execute(CreateTable(table, if_not_exists=True))
        known = [column["name"] for column in inspect(connection).get_columns(rows.name)]
        added = [column for column in rows.columns if column.name not in known]
        for column in added:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(
                f"ALTER TABLE {_quoted(connection, rows.name)} ADD COLUMN {definition}"
            )
        _migrate_indexes(connection, rows, dialect)
        view = collection_name(contract)
        if added or view not in inspect(connection).get_view_names():
            names = [*known, *(column.name for column in added)]
            select = _live_rows(connection, contract, names, dialect)
            for statement in dialect.replace_view(_quoted(connection, view), select):
                connection.exec_driver_sql(statement)


def _migrate_indexes(connection: Connection, rows: Table, dialect: Dialect) -> None:
    """An index that is no longer declared goes; those that others have made stay."""
    known = {str(index["name"]) for index in inspect(connection).get_indexes(rows.name)}
    wanted = {str(index.name): index for index in rows.indexes}
    for name in sorted(known - wanted.keys()):
        if name.startswith(OURS):
            quoted, table = _quoted(connection, name), _quoted(connection, rows.name)
            on = f" ON {table}" if connection.dialect.name in ("mysql", "mariadb") else ""
            connection.exec_driver_sql(f"DROP INDEX {quoted}{on}")
    for statement in dialect.retype(connection, rows):
        connection.exec_driver_sql(statement)
    for name in sorted(wanted.keys() - known):
        connection.execute(CreateIndex(wanted[name]))


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
