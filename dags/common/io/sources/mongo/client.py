"""One MongoDB database to read from: bounded waits, and errors without the login."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    CursorNotFound,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SourceError

WAIT = 10_000  # milliseconds to find the server and to connect, unless the URL says otherwise
UNAUTHORIZED, AUTHENTICATION_FAILED, MAX_TIME_EXPIRED = 13, 18, 50


class Server:
    """Where the database is, and how long to wait for it; connects when it is used.

    Attributes:
        place: Hosts and database, without the login.

    Raises:
        SourceError: The URL cannot be read, or names no database.
    """

    def __init__(self, settings: MongoSettings, prefix: str) -> None:
        self._url, self._prefix = settings.connection, prefix
        try:  # the client asks the name service about mongodb+srv; reading the URL does not
            parsed = parse_uri(self._url.replace("mongodb+srv:", "mongodb:", 1), validate=True)
        except (ConfigurationError, InvalidURI, ValueError):
            # What could not be read may be a part of the password.
            raise self._wrong_url("The URL of the MongoDB database cannot be read.") from None
        if not parsed["database"]:
            raise self._wrong_url("The URL of the MongoDB database names no database.")
        self._database = str(parsed["database"])
        hosts = ",".join(f"{host}:{port}" for host, port in parsed["nodelist"])
        self.place = f"mongodb://{hosts}/{self._database}"
        given = {name.lower() for name, _ in parse_qsl(self._url.partition("?")[2])}
        waits = {
            "serverSelectionTimeoutMS": WAIT,
            "connectTimeoutMS": WAIT,
            "socketTimeoutMS": int(1000 * settings.timeout),
        }
        self._options: dict[str, Any] = {
            name: value for name, value in waits.items() if name.lower() not in given
        }
        # What a failover may take back would be read once and never be there again.
        self._concern = None if "readconcernlevel" in given else ReadConcern("majority")

    def __repr__(self) -> str:
        return f"Server({self.place})"

    @contextmanager
    def database(self) -> Iterator[Database[Any]]:
        """The database while it is read; what it says is an error becomes a SourceError."""
        try:
            with MongoClient(self._url, appname="vitrine", **self._options) as client:
                yield client.get_database(self._database, read_concern=self._concern)
        except (PyMongoError, BSONError) as error:
            raise SourceError(
                f"MongoDB refused or did not answer: {_said(error)}.",
                where=self.place,
                next_step=self._next_step(error),
            ) from None  # the chain would show documents

    def _next_step(self, error: Exception) -> str:
        if isinstance(error, ServerSelectionTimeoutError | ConfigurationError):
            return "Is it running, and can it be reached from here under this name? Then run the task again."
        if isinstance(error, CursorNotFound | ConnectionFailure):
            return "Run the task again: it goes on after what was kept, where the query allows it."
        if isinstance(error, OperationFailure) and error.code in (UNAUTHORIZED, AUTHENTICATION_FAILED):
            return (
                f"Check the login, its rights and authSource (the database that knows it) in "
                f"{self._prefix}CONNECTION."
            )
        if isinstance(error, OperationFailure) and error.code == MAX_TIME_EXPIRED:
            return f"Make an index for {self._prefix}FILTER and CURSOR, or raise {self._prefix}MAX_TIME."
        return (
            f"Mend {self._prefix}FILTER, PIPELINE or PROJECTION if it is about them, then run the task again."
        )

    def _wrong_url(self, what: str) -> SourceError:
        return SourceError(
            what,
            where=f"{self._prefix}CONNECTION",
            next_step="Write it as mongodb://login:password@host:27017/database, or name a Connection.",
        )


def _said(error: Exception) -> str:
    """What the error says, without the answer and the topology that pymongo appends."""
    return re.split(r", full error:|, Timeout:| \(configured timeouts:", str(error))[0].rstrip(".")
