"""Throttled sign-in on every database that Airflow's metadata can be in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.engine import Engine

from dashboards.auth import tables, throttle
from dashboards.auth.tables import ATTEMPTS, SECOND
from dashboards.auth.throttle import BY_ADDRESS, BY_NAME, WINDOW, Attempt
from dashboards.errors import Refused
from dashboards.metering import network


def refused(name: str, address: str = "192.0.2.1") -> int:
    """Seconds to wait; 0 where the attempt is let through."""
    try:
        Attempt(name, address)
    except Refused as error:
        return int((error.headers or {})["Retry-After"]) if error.status_code == 429 else -1
    return 0


def test_a_name_is_throttled_from_every_address(metadata: Engine) -> None:
    assert [refused("ann", f"192.0.2.{n}") for n in range(BY_NAME)] == [0] * BY_NAME
    assert 0 < refused("ann", "192.0.2.99") <= WINDOW + 1
    assert refused("ANN", "192.0.2.99"), "FAB's names are the same in capitals"
    assert not refused("bob", "192.0.2.99")


def test_an_address_is_throttled_for_every_name(metadata: Engine) -> None:
    assert not any(refused(f"name-{n}") for n in range(BY_ADDRESS))
    assert refused("another")
    assert not refused("another", "192.0.2.2")


@pytest.mark.parametrize("metadata", ["sqlite"], indirect=True)
def test_a_network_of_ipv6_is_one_address(metadata: Engine) -> None:
    for n in range(BY_ADDRESS):
        refused(f"name-{n}", f"2001:db8:1:2::{n:x}")
    assert refused("another", "2001:db8:1:2:ffff::1")
    assert not refused("another", "2001:db8:1:3::1")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("testclient") == "testclient"


def test_the_window_moves(metadata: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = tables.clock()
    for n in range(BY_NAME):
        monkeypatch.setattr(throttle, "clock", lambda n=n: now + n * 10 * SECOND)
        assert not refused("ann")
    wait = refused("ann")
    assert wait == WINDOW - (BY_NAME - 1) * 10 + 1
    monkeypatch.setattr(throttle, "clock", lambda: now + (BY_NAME - 1) * 10 * SECOND + wait * SECOND)
    assert not refused("ann"), "there is room for one as soon as was said"
    assert refused("ann")


def test_what_was_refused_prolongs_nothing(metadata: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = tables.clock()
    for minute in (0, 5, 10):
        monkeypatch.setattr(throttle, "clock", lambda at=now + minute * 60 * SECOND: at)
        waits = [refused("ann") for _ in range(BY_NAME)]
        assert waits == ([0] * BY_NAME if minute == 0 else [WINDOW - minute * 60 + 1] * BY_NAME)


def test_a_success_forgives_the_name_and_not_the_address(metadata: Engine) -> None:
    for _ in range(BY_NAME - 1):
        refused("ann")
    Attempt("ann", "192.0.2.1").passed()
    assert [refused("ann", "192.0.2.2") for _ in range(BY_NAME)] == [0] * BY_NAME
    with metadata.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {ATTEMPTS.name}").scalar_one() == (
            BY_NAME - 1 + 2 * BY_NAME
        )


def test_many_at_once_get_no_more_tries(metadata: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda n: refused("ann", f"192.0.2.{n}"), range(3 * BY_NAME)))
    assert waits.count(0) <= BY_NAME


def test_a_success_clears_away_what_has_left_the_window(
    metadata: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = tables.clock()
    refused("bob", "192.0.2.7")
    monkeypatch.setattr(throttle, "clock", lambda: now + (WINDOW + 60) * SECOND)
    Attempt("ann", "192.0.2.1").passed()
    with metadata.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {ATTEMPTS.name}").scalar_one() == 0


def test_all_names_of_a_user_count_together(metadata: Engine) -> None:
    for name in ("ann", "ann@example.org") * (BY_NAME // 2):
        Attempt(name, "192.0.2.1", "7")
    with pytest.raises(Refused, match="Too many"):
        Attempt("ÀNN", "192.0.2.1", "7")
    Attempt("7", "192.0.2.1")  # a name is no id
