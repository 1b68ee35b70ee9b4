"""Stores and sources by the id of an Airflow Connection: what its fields say, as a URL.

Looking a Connection up is Airflow's affair, and differs between a task and the API server; see
:mod:`vlp.connections` and :mod:`dashboards.connections`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from common.utils.errors import SettingsError, did_you_mean

SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mongo": "mongodb",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb+srv",
    "sqlite": "sqlite",
    "http": "http",
    "https": "https",
    "aws": "s3",
}
ENDPOINTS = ("http", "https", "s3")
"""Schemes of what is no database."""

HOOKS_OWN = {
    *("srv", "ssl", "allow_insecure"),  # MongoDB
    *("charset", "client", "local_infile"),  # MySQL
    *("cursor", "iam", "aws_conn_id", "sqlalchemy_scheme"),  # PostgreSQL
}
"""Extras that tell Airflow's own hooks what to do, and that no store asks."""


class Connection(Protocol):
    """The fields of Airflow's Connections, whichever of its classes they come in.

    Attributes:
        schema: The database.
        extra: A JSON object.
    """

    conn_type: str | None
    host: str | None
    login: str | None
    password: str | None
    schema: str | None
    port: int | None
    extra: str | None


class Backend(Protocol):
    """Where Airflow keeps Connections: its environment, its metadata database, a vault."""

    def get_connection(self, conn_id: str) -> Connection | None:
        """The Connection of an id."""


def looked_up(connection_id: str, backends: Iterable[Backend]) -> Connection | None:
    """What the first backend that knows the id has.

    Raises:
        SettingsError: A backend before cannot be asked.
    """
    for backend in backends:
        try:
            found = backend.get_connection(conn_id=connection_id)
        except Exception as error:  # whatever it is: each kind of backend has its own
            raise SettingsError(
                f"Airflow's Connection '{connection_id}' cannot be looked up: {type(error).__name__}.",
                where=type(backend).__name__,
                next_step="Is Airflow's metadata database there, and AIRFLOW_HOME that of this Airflow?",
            ) from error
        if found is not None:
            return found
    return None


def connection_url(connection_id: str, found: Connection | None) -> str:
    """A Connection's URL, each part escaped; extras become its query, but for an HTTP server.

    Args:
        connection_id: As the settings have it.
        found: What Airflow knows by that id. Its type says which kind of store it is; or, for types that this
            Airflow has no provider of, its host begins with a scheme: ``mongodb://db.example.org``.

    Raises:
        SettingsError: Airflow does not know the id, or its Connection is of no store or of no database.
    """
    if found is None:
        raise SettingsError(
            f"Airflow has no Connection '{connection_id}', by which a store or a source is to be found.",
            next_step="Create it in Airflow under Admin, or set the variable to a URL such as postgresql://…",
        )
    where = f"the Airflow Connection '{connection_id}'"
    given, _, host = (found.host or "").rpartition("://")
    kind = given or found.conn_type or ""
    if kind not in SCHEMES:
        raise SettingsError(
            f"A Connection of the type '{kind}' leads to no store of collections and to no source.",
            where=where,
            next_step=f"Its type, or what its host begins with before '://': {did_you_mean(kind, SCHEMES)}",
        )
    extras = _extras(found, where)
    if SCHEMES[kind] in ENDPOINTS:
        return _endpoint(found, kind, host, extras)
    scheme, place = SCHEMES[kind], _file(found, host) if kind == "sqlite" else _database(found, host)
    if scheme == "mongodb" and extras.get("srv") is True:
        scheme = "mongodb+srv"
    if not place:
        raise SettingsError(
            "The Connection does not say which database is meant.",
            where=where,
            next_step="Give a host and, as schema, the database; for SQLite the file's whole path as host.",
        )
    query = urlencode(dict(_query(extras)))
    return f"{scheme}://{place}" + (f"?{query}" if query else "")


def _endpoint(found: Connection, kind: str, host: str, extras: dict[str, Any]) -> str:
    """An HTTP server's address, or the credentials of an object store, whose extras say where it is.

    Airflow keeps the scheme of an HTTP Connection as its schema, and headers as extras: no URL holds those.
    """
    login, password = quote(found.login or "", safe=""), quote(found.password or "", safe="")
    at = f"{login}:{password}@" if login or password else ""
    if SCHEMES[kind] == "s3":
        return f"s3://{at}/?{urlencode(dict(_query(extras)))}"
    scheme = kind if "://" in (found.host or "") else found.schema or kind
    port = f":{found.port}" if found.port else ""
    server, slash, path = host.partition("/")
    return f"{scheme}://{at}{server}{port}{slash}{path}"


def _file(found: Connection, host: str) -> str:
    """The path of an SQLite file; a URL such as ``sqlite:////folder/x.db`` has it as its schema."""
    path = host or found.schema or ""
    return f"/{quote(path)}" if path.startswith("/") else ""


def _database(found: Connection, host: str) -> str:
    """``login:password@host:port/database``, as much of it as is given."""
    if not (host and found.schema):
        return ""
    login = quote(found.login or "", safe="")
    password = f":{quote(found.password, safe='')}" if found.password else ""
    host = f"[{host}]" if host.count(":") > 1 and "," not in host else host  # IPv6; commas: a replica set
    at = "@" if login or password else ""
    port = f":{found.port}" if found.port else ""
    return f"{login}{password}{at}{quote(host, safe=':,[]')}{port}/{quote(found.schema, safe='')}"


def _extras(found: Connection, where: str) -> dict[str, Any]:
    try:
        extras = json.loads(found.extra or "{}")
    except ValueError:
        extras = None
    if not isinstance(extras, dict):
        raise SettingsError("The extras of the Connection are no JSON object.", where=where)
    return extras


def _query(extras: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The extras that a database's driver may understand."""
    for name, value in extras.items():
        if name not in HOOKS_OWN and not name.startswith("__") and isinstance(value, str | int | float):
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
