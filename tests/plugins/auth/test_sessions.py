"""Sessions on every database that Airflow's metadata can be in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from dashboards.auth import sessions, tables
from dashboards.auth.sessions import Access, Held
from dashboards.auth.tables import ACCESS, SECOND, SESSIONS

HOUR = 3600 * SECOND
count = iter(range(10**6))


def access() -> Access:
    return Access(f"jti-{next(count)}", tables.clock() + HOUR)


def begun(subject: str = "1", given: Access | None = None, lasts: int = HOUR) -> str:
    _, token = sessions.new_refresh_token()
    voided = sessions.voided_until(subject)
    assert sessions.begin(subject, token, given or access(), tables.clock() + lasts, voided=voided)
    return token


def held(token: str) -> Held:
    found = sessions.look_up(token)
    assert isinstance(found, Held)
    return found


def renewed(token: str) -> str:
    _, following = sessions.new_refresh_token(sessions.session_of(token))
    assert sessions.rotate(held(token), following, access())
    return following


def is_revoked(engine: Engine, jti: str) -> bool:
    from airflow.models.revoked_token import RevokedToken

    with engine.connect() as connection:
        rows = select(func.count()).where(RevokedToken.jti == jti)
        return bool(connection.scalar(rows))


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def test_of_a_token_the_digest_alone_is_kept(metadata: Engine) -> None:
    token = begun()
    with metadata.connect() as connection:
        kept = str(connection.execute(select(SESSIONS)).all())
    assert token not in kept
    assert token.partition(".")[2] not in kept
    assert held(token).subject == "1"
    assert sessions.look_up("0" * 32 + ".x") == "unknown"
    assert sessions.look_up("") == "unknown"


def test_a_token_is_good_for_one_renewal(metadata: Engine) -> None:
    first = begun()
    second = renewed(first)
    assert sessions.look_up(first) == "replayed"
    assert held(second).session == held(second).session == sessions.session_of(first)
    assert held(second).expires_at - tables.clock() <= HOUR, "a renewal prolongs no session"


def test_two_renewals_at_once_have_one_winner(metadata: Engine) -> None:
    for _ in range(10):
        token = begun()
        same = held(token)

        def renew(_: int, same: Held = same) -> str | None:
            _session, following = sessions.new_refresh_token(same.session)
            return following if sessions.rotate(same, following, access()) else None

        with ThreadPoolExecutor(4) as pool:
            won = [token for token in pool.map(renew, range(4)) if token]
        assert len(won) == 1
        assert held(won[0]).session == same.session


def test_an_end_voids_every_access_token_of_the_session(metadata: Engine) -> None:
    first, other = access(), access()
    token = begun(given=first)
    begun(given=other)
    following = renewed(token)
    assert sessions.end(sessions.session_of(token))
    assert sessions.look_up(following) == "unknown"
    assert is_revoked(metadata, first.jti)
    assert not is_revoked(metadata, other.jti)
    assert not sessions.end(sessions.session_of(token)), "it has ended already"
    assert rows(metadata, ACCESS.name) == 1


def test_no_renewal_outlives_an_end_at_the_same_time(metadata: Engine) -> None:
    for _ in range(10):
        token = begun()
        same = held(token)
        _, following = sessions.new_refresh_token(same.session)
        with ThreadPoolExecutor(2) as pool:
            rotated = pool.submit(sessions.rotate, same, following, access())
            ended = pool.submit(sessions.end, same.session)
            assert ended.result()
            rotated.result()
        assert sessions.look_up(following) == "unknown"
    assert rows(metadata, ACCESS.name) == 0


def test_a_session_ends_by_time(metadata: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = begun(), tables.clock()
    monkeypatch.setattr(sessions, "clock", lambda: now + HOUR - SECOND)
    assert isinstance(sessions.look_up(token), Held)
    monkeypatch.setattr(sessions, "clock", lambda: now + HOUR + SECOND)
    assert sessions.look_up(token) == "unknown"
    begun("2", lasts=3 * HOUR)
    assert rows(metadata, SESSIONS.name) == 1, "a sign-in clears away what has ended"


def test_a_voiding_ends_all_of_a_user_and_nothing_of_another(metadata: Engine) -> None:
    mine, theirs = [access(), access()], access()
    tokens = [begun(given=one) for one in mine]
    other = begun("2", theirs)
    before = tables.clock() // SECOND - 1
    sessions.void("1")
    assert {sessions.look_up(token) for token in tokens} == {"unknown"}
    assert all(is_revoked(metadata, one.jti) for one in mine)
    assert isinstance(sessions.look_up(other), Held)
    assert not is_revoked(metadata, theirs.jti)
    assert not sessions.holds("1", "of-airflow-itself", before)
    assert sessions.holds("2", "of-airflow-itself", before)


def test_a_sign_in_right_after_a_voiding_holds(metadata: Engine) -> None:
    """Its token names the same second as the voiding, and an earlier one where the clock is set back."""
    sessions.void("1")
    given = access()
    begun(given=given)
    second = sessions.voided_until("1") // SECOND
    for issued in (second, second - 3600):
        assert sessions.holds("1", given.jti, issued)
        assert not sessions.holds("1", "of-airflow-itself", issued)
    assert sessions.holds("1", "of-airflow-itself", second + 1)


def test_a_sign_in_that_is_overtaken_by_a_voiding_is_none(metadata: Engine) -> None:
    _, token = sessions.new_refresh_token()
    seen, given = sessions.voided_until("1"), access()
    sessions.void("1")
    assert not sessions.begin("1", token, given, tables.clock() + HOUR, voided=seen)
    assert sessions.look_up(token) == "unknown"
    assert is_revoked(metadata, given.jti)


@pytest.mark.parametrize("jump", [-HOUR, 0, HOUR])
def test_voidings_never_move_backwards(metadata: Engine, monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    sessions.void("1")
    first, now = sessions.voided_until("1"), tables.clock()
    monkeypatch.setattr(sessions, "clock", lambda: now + jump)
    sessions.void("1")
    assert sessions.voided_until("1") > first


def test_many_voidings_at_once_are_one(metadata: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sessions.void, ["1"] * 8))
    assert sessions.voided_until("1") > 0


def test_tables_made_twice_at_once_are_made(metadata: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_made", set())
    begin: Callable[[int], int] = lambda _: sessions.voided_until("1")  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, range(4))) == [0] * 4
