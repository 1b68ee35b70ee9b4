"""What drivers say, in our words: the way out is right and nothing of theirs is shown."""

from __future__ import annotations

import pytest

from common.io.sources.sql.told import refused


@pytest.mark.parametrize(
    ("said", "what", "step"),
    [
        ('FATAL:  password authentication failed for user "s3cr3t"', "login was refused", "password"),
        (
            "Access denied for user 's3cr3t'@'localhost' (using password: YES)",
            "login was refused",
            "password",
        ),
        ('FATAL:  role "s3cr3t" does not exist', "login was refused", "password"),
        ('FATAL:  database "s3cr3t" does not exist', "no such database", "path"),
        ("unable to open database file", "no such database", "path"),
        ("permission denied for table s3cr3t", "may not read this", "SELECT"),
        ("SELECT command denied to user 's3cr3t'@'%' for table 't'", "may not read this", "SELECT"),
        ("canceling statement due to statement timeout", "longer than it may", "its variable TIMEOUT"),
        (
            "Query execution was interrupted (max_statement_time exceeded)",
            "longer than it may",
            "its variable TIMEOUT",
        ),
        ("canceling statement due to lock timeout", "locked by somebody else", "later"),
        ("Lock wait timeout exceeded; try restarting transaction", "locked by somebody else", "later"),
        ("database is locked", "locked by somebody else", "later"),
        ("server closed the connection unexpectedly", "went away", "nothing of the try is kept"),
        ("Lost connection to MySQL server during query", "went away", "nothing of the try is kept"),
        ("FATAL: the database system is shutting down", "went away", "nothing of the try is kept"),
        ('connection to server at "s3cr3t", port 1 failed: Connection refused', "cannot be reached", "port"),
        ('could not translate host name "s3cr3t" to address', "cannot be reached", "port"),
        ("Can't connect to MySQL server on 's3cr3t'", "cannot be reached", "port"),
        ("connection timeout expired", "cannot be reached", "port"),
        ("database disk image is malformed", "damaged or no database", "restore"),
        ("file is not a database", "damaged or no database", "restore"),
        ("integer out of range", "cannot be computed", "Correct the query"),
        ('invalid input syntax for type integer: "s3cr3t"', "cannot be computed", "Correct the query"),
        ("Incorrect DATETIME value: 's3cr3t'", "cannot be computed", "Correct the query"),
        ("s3cr3t of a kind nobody has seen", "reports an error", "log says more"),
    ],
)
def test_each_has_its_own_way_out_and_shows_no_word_of_the_driver(said: str, what: str, step: str) -> None:
    error = refused(said, "23505").at("PostgreSQL at host/d")
    assert what in str(error)
    assert "(23505)" in str(error)
    assert step in str(error.next_step)
    assert error.where == "PostgreSQL at host/d"
    assert "s3cr3t" not in f"{error}{error.next_step}"
