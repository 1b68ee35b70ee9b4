"""One MongoDB database: its client, bounded waits, and errors in the words of the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from bson.errors import BSONError
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.database import Database as PyMongoDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from common.io.collections.backend import Backend
from common.io.collections.protocol import StoreError
from common.utils.contract import Contract

Document = dict[str, Any]

# Milliseconds, unless the URL says otherwise: a server that is away or silent is noticed.
WAITS = {"serverSelectionTimeoutMS": 10_000, "connectTimeoutMS": 10_000, "socketTimeoutMS": 60_000}
UNAUTHORIZED, AUTHENTICATION_FAILED, DUPLICATE_KEY = 13, 18, 11000


class MongoDatabase:
    """See :class:`common.io.collections.backend.Database`."""

    def __init__(self, url: str, *, batch_size: int, read_only: bool) -> None:
        """Reads the URL; the client is made when it is first needed, in the process that needs it.

        Raises:
            StoreError: The URL cannot be read, or names no database.
        """
        self.batch_size, self.read_only = batch_size, read_only
        address, _, options = url.partition("?")
        if address.startswith("mongodb+srv:"):  # the client asks the name service; reading the URL does not
            readable = address.replace("mongodb+srv:", "mongodb:", 1)
        else:
            readable = url
        try:
            parsed = parse_uri(readable, validate=True)
        except (ConfigurationError, InvalidURI, ValueError):
            # What could not be read may be a part of the password.
            raise _wrong_url("The URL of the collections cannot be read.") from None
        if not parsed["database"]:
            raise _wrong_url("The URL of the collections names no database.")
        self._url, self._name = url, str(parsed["database"])
        given = {name.lower() for name, _ in parse_qsl(options)}
        self._waits = {name: value for name, value in WAITS.items() if name.lower() not in given}
        hosts = ",".join(f"{host}:{port}" for host, port in parsed["nodelist"])
        self.place = f"mongodb://{hosts}/{self._name}"

    @cached_property
    def client(self) -> MongoClient[Document]:
        """Connections, made in the background when they are used."""
        return MongoClient(self._url, appname="vitrine", **self._waits)  # type: ignore[arg-type]

    @property
    def documents(self) -> PyMongoDatabase[Document]:
        """The database: writes that a majority has in its journal, and reads of nothing else.

        What a failover may take back must not be read: its revision would be given a second time.
        """
        return self.client.get_database(
            self._name,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern(w="majority", j=True),
        )

    def backend(self, contract: Contract) -> Backend:
        """The collection that a contract describes."""
        from common.io.collections.mongo.backend import MongoBackend  # noqa: PLC0415 (which imports this module)

        return MongoBackend(self, contract)

    @contextmanager
    def reading(self) -> Iterator[PyMongoDatabase[Document]]:
        """The database; what it says is an error becomes a StoreError."""
        try:
            yield self.documents
        except (PyMongoError, BSONError) as error:
            private = isinstance(error, BulkWriteError | DuplicateKeyError)  # it shows rows: not in a log
            raise StoreError(
                f"MongoDB refused or did not answer: {_said(error)}.",
                where=self.place,
                next_step=_next_step(error),
            ) from (None if private else error)

    @contextmanager
    def writing(self) -> Iterator[PyMongoDatabase[Document]]:
        """The same, to write."""
        if self.read_only:
            raise StoreError("The store was opened to be read only.", where=self.place)
        with self.reading() as database:
            yield database

    def close(self) -> None:
        """Gives the connections back."""
        if "client" in self.__dict__:
            self.client.close()
            del self.__dict__["client"]


def _said(error: Exception) -> str:
    """What the error says, without the rows and the topology that pymongo appends."""
    if isinstance(error, BulkWriteError):
        told = [*error.details.get("writeErrors", []), *error.details.get("writeConcernErrors", [])]
        first = told[0]  # the server's words for a duplicate show the row's key
        reason = "E11000, a duplicate key" if first["code"] == DUPLICATE_KEY else first["errmsg"]
        return f"{len(told)} writes failed, the first for: {reason}"
    return re.split(r", full error:| dup key:|, Timeout:| \(configured timeouts:", str(error))[0]


def _next_step(error: Exception) -> str:
    if isinstance(error, ConnectionFailure | ConfigurationError):
        return "Is it running, and can it be reached from here under this name? Then try again."
    if isinstance(error, OperationFailure) and error.code in (UNAUTHORIZED, AUTHENTICATION_FAILED):
        return "Check the user and the password in the URL, and the user's rights (docs/roles/mongodb.js)."
    return "If this does not say what to mend, the server's own log may. Then try again."


def _wrong_url(what: str) -> StoreError:
    return StoreError(
        what,
        where="the URL of the collections",
        next_step="Write it as mongodb://user:password@host:27017/database.",
    )
