"""Whatever is posted to the routes of sign-in, it is answered, and no account but a new one changes."""

from collections import Counter

import pytest
from sqlalchemy import Engine, create_engine, text

from plugins.auth.conftest import PASSWORDS, House
from plugins.fuzzing import cases, plain, raw


@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_that_is_posted_breaks_it(fab_house: House, signed_in: bool) -> None:
    asker, engine = fab_house.sign_in("ada")["access_token"], create_engine(fab_house.database)
    document = fab_house.ask("GET", "/openapi.json", at=1, token=asker).json()
    before, seen = accounts(engine), Counter[tuple[str, int]]()
    for number, case in enumerate(cases(document, "POST", ("positive", "negative"), 6)):
        forgive(engine)
        token = fab_house.sign_in("ada")["access_token"] if signed_in else ""
        place = case.formatted_path.removeprefix("/dashboards/v1")
        headers = {"Content-Type": "application/json", **plain(case)}
        answer = fab_house.ask("POST", place, at=number % 2, token=token, content=raw(case), headers=headers)
        assert answer.status_code < 500, (place, case.body, answer.text)
        assert answer.json()["status"] in ("success", "error")
        seen[case.operation.path.rpartition("/")[2], answer.status_code] += 1
    forgive(engine)
    after = accounts(engine)
    engine.dispose()
    assert {name: after[name] for name in before} == before
    assert {status for _, status in seen} >= {400, 401}, seen
    if not signed_in:
        assert {status for route, status in seen if route == "password"} <= {401, 404}, seen
    assert fab_house.sign_in("ada")["user"] == {"username": "ada", "role": "admin"}
    assert set(PASSWORDS) <= after.keys()


def accounts(engine: Engine) -> dict[str, str]:
    with engine.begin() as connection:
        return dict(connection.execute(text("SELECT username, password FROM ab_user")).all())  # type: ignore[arg-type]


def forgive(engine: Engine) -> None:
    """All failed sign-ins: they are of one address, and other tests have it too."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM vitrine_sign_in_attempts"))
