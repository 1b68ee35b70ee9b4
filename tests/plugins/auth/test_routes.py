"""Every route of sign-in, on both auth managers, through two processes that share users and sessions."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import jwt
import pytest
from sqlalchemy import create_engine, text

from dashboards.auth.throttle import BY_NAME

from plugins.auth.conftest import PASSWORDS, ROLES, SECRET, House  # isort: skip

NEW = "another-long-password"
SAME = {"Sec-Fetch-Site": "same-origin"}


@contextmanager
def changed_back(house: House, name: str) -> Iterator[None]:
    """The tests share their users."""
    try:
        yield
    finally:
        admin = house.sign_in("ada")["access_token"]
        answer = house.post(f"/users/{name}/password", {"new": PASSWORDS[name]}, token=admin)
        assert answer.status_code == 200, answer.text


def test_a_sign_in_gives_tokens_for_both_apis(house: House) -> None:
    answer = house.post("/login", {"username": "ann", "password": PASSWORDS["ann"]})
    data = answer.json()["data"]
    assert data["token_type"] == "Bearer"
    assert data["user"] == {"username": "ann", "role": "viewer"}
    claims = jwt.decode(data["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == data["expires_in"] == 900
    for at in (0, 1):
        assert house.me(data["access_token"], at).json()["data"]["username"] == "ann"
        assert house.ask("GET", "/collections", at=at, token=data["access_token"]).status_code == 200
    assert house.ask("GET", "/api/v2/assets", token=data["access_token"]).status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"vitrine_refresh={data['refresh_token']};")
    for part in ("HttpOnly", "SameSite=strict", "Path=/dashboards/v1/auth", "Max-Age=604"):
        assert part in cookie


def test_roles_are_airflows(house: House) -> None:
    wanted = {"ada": "admin", "ora": "op", "ann": "viewer", "una": "viewer"}
    for name, role in wanted.items():
        tokens = house.sign_in(name, at=1)
        assert tokens["user"]["role"] == role, ROLES
        me = house.me(tokens["access_token"]).json()["data"]
        assert me == {
            "username": name,
            "role": role,
            "via": "token",
            "register_open": house.mode == "fab",
            "password_change": house.mode == "fab",
        }


def test_a_user_without_the_permission_may_not_read(fab_house: House) -> None:
    token = fab_house.sign_in("nil")["access_token"]
    answer = fab_house.me(token)
    assert answer.status_code == 403
    assert "may not read assets" in answer.json()["message"]


def test_a_wrong_name_is_told_like_a_wrong_password_and_takes_as_long(house: House) -> None:
    took: dict[str, float] = {}
    said = set()
    for name in ("ora", "nobody"):
        for _ in range(4):
            begun = time.perf_counter()
            answer = house.post("/login", {"username": name, "password": "wrong"}, at=1)
            took[name] = min(took.get(name, 99), time.perf_counter() - begun)
            said.add((answer.status_code, answer.json()["message"]))
    assert said == {(401, "The user name or the password is wrong.")}
    assert max(took.values()) < 2 * min(took.values()) + 0.05, took
    house.sign_in("ora")  # forgives


def test_a_refresh_token_is_good_once_and_a_replay_ends_the_session(house: House) -> None:
    first = house.sign_in("ann")
    second = house.post("/refresh", {"refresh_token": first["refresh_token"]}, at=1).json()["data"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"] == first["user"]
    assert {house.me(one["access_token"]).status_code for one in (first, second)} == {200}
    replayed = house.post("/refresh", {"refresh_token": first["refresh_token"]})
    assert replayed.status_code == 401
    for one in (first, second):
        assert house.me(one["access_token"]).status_code == 403
        assert house.me(one["access_token"], at=1).status_code == 403
        assert house.ask("GET", "/api/v2/assets", token=one["access_token"]).status_code == 403
    assert house.post("/refresh", {"refresh_token": second["refresh_token"]}, at=1).status_code == 401


def test_two_refreshes_at_once_have_one_winner(house: House) -> None:
    for _ in range(3):
        token = house.sign_in("ann")["refresh_token"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(
                pool.map(lambda at: house.post("/refresh", {"refresh_token": token}, at=at), (0, 1, 0, 1))  # noqa: B023
            )
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(200) == 1
        assert set(statuses) <= {200, 401, 409}


@pytest.mark.parametrize("body", [{"refresh_token": "nonsense"}, {"refresh_token": "a.b"}, {}])
def test_another_refresh_token_is_refused(house: House, body: Any) -> None:
    assert house.post("/refresh", body).status_code == 401


def test_signing_out_is_at_once_and_everywhere(house: House) -> None:
    tokens, other = house.sign_in("ann"), house.sign_in("ann")
    renewed = house.post("/refresh", {"refresh_token": tokens["refresh_token"]}).json()["data"]
    answer = house.post("/logout", token=renewed["access_token"], at=1)
    assert answer.status_code == 200
    assert 'vitrine_refresh=""' in answer.headers["set-cookie"]
    for token in (tokens["access_token"], renewed["access_token"]):
        assert house.me(token).status_code == 403
        assert house.ask("GET", "/api/v2/assets", token=token).status_code == 403
    assert house.post("/refresh", {"refresh_token": renewed["refresh_token"]}).status_code == 401
    assert house.me(other["access_token"]).status_code == 200, "another session goes on"
    assert house.post("/logout", {"refresh_token": other["refresh_token"]}).status_code == 200
    assert house.me(other["access_token"], at=1).status_code == 403
    assert house.post("/logout", token=other["access_token"]).status_code == 401


def test_a_cookie_counts_from_our_own_pages_alone(house: House) -> None:
    tokens = house.sign_in("ann")
    cookies = {"vitrine_refresh": tokens["refresh_token"]}
    foreign = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil"}]
    for headers in ({}, *foreign, {"Origin": "null"}):
        assert house.post("/refresh", cookies=cookies, headers=headers).status_code == 403
        assert house.post("/logout", cookies=cookies, headers=headers).status_code == 403
    other = house.sign_in("una")["access_token"]
    assert house.post("/logout", token=other, cookies=cookies).status_code == 200
    assert house.me(tokens["access_token"]).status_code == 200, "the cookie was of no account there"
    answer = house.post("/refresh", cookies=cookies, headers=SAME)
    assert answer.status_code == 200
    cookies = {"vitrine_refresh": answer.json()["data"]["refresh_token"]}
    answer = house.post("/logout", cookies=cookies, headers={"Origin": house.urls[0]})
    assert answer.status_code == 200
    assert house.me(tokens["access_token"]).status_code == 403


def test_airflows_own_cookie_is_enough_to_read(house: House) -> None:
    token = airflows(house, "ann")
    for at in (0, 1):
        answer = house.ask("GET", "/auth/me", at=at, cookies={"_token": token})
        assert answer.json()["data"]["via"] == "cookie"
    assert house.post("/logout", cookies={"_token": token}).status_code == 403
    assert house.post("/logout", cookies={"_token": token}, headers=SAME).status_code == 200
    assert house.me(token).status_code == 403


def airflows(house: House, name: str) -> str:
    """A token from Airflow's own sign-in, which knows nothing of sessions."""
    answer = house.ask("POST", "/auth/token", json={"username": name, "password": PASSWORDS[name]})
    return answer.json()["access_token"]


def forged(token: str) -> dict[str, str]:
    """Tokens that say they are the administrator's, and the signature of none holds."""
    claims = jwt.decode(token, options={"verify_signature": False})
    head, _, signature = token.split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode()
    admin = base64.urlsafe_b64encode(json.dumps({**claims, "role": "admin"}).encode()).decode().rstrip("=")
    return {
        "another secret": jwt.encode(claims, "another-secret-" * 5, algorithm="HS512"),
        "no algorithm": f"{unsigned.rstrip('=')}.{admin}.",
        "tampered": f"{head}.{admin}.{signature}",
        "cut": token[:-4],
        "another algorithm": jwt.encode(claims, SECRET, algorithm="HS256"),
        "another audience": jwt.encode({**claims, "aud": "execution"}, SECRET, algorithm="HS512"),
    }


def test_only_tokens_that_airflow_signed_are_taken(house: House) -> None:
    token = house.sign_in("ann")["access_token"]
    assert house.me(token).status_code == 200
    for name, wrong in forged(token).items():
        for at in (0, 1):
            assert house.me(wrong, at).status_code == 403, name
        assert house.ask("GET", "/collections", at=1, cookies={"_token": wrong}).status_code == 403, name
        assert house.post("/logout", token=wrong).status_code == 401, name


def test_an_expired_token_is_refused(house: House) -> None:
    claims = jwt.decode(house.sign_in("ann")["access_token"], options={"verify_signature": False})
    old = {**claims, "exp": int(time.time()) - 3600, "iat": int(time.time()) - 4000, "nbf": 0}
    expired = jwt.encode(old, SECRET, algorithm="HS512", headers={"kid": "not-used"})
    assert house.me(expired).status_code == 401
    still = {**claims, "exp": int(time.time()) + 60}
    assert (
        house.me(jwt.encode(still, SECRET, algorithm="HS512", headers={"kid": "not-used"})).status_code == 200
    )


OPEN = {"/health", "/auth/login", "/auth/refresh", "/auth/logout", "/auth/register"}
CHANGE = {"old": PASSWORDS["ann"], "new": NEW}


def test_every_route_wants_a_token(house: House) -> None:
    token = house.sign_in("ann")["access_token"]
    paths = house.ask("GET", "/openapi.json", at=1, token=token).json()["paths"]
    asked = 0
    for path, methods in paths.items():
        place = path.removeprefix("/dashboards/v1")
        for method in methods:
            if place in OPEN or place.startswith("/page"):
                continue
            filled = place.replace("{username}", "ann").replace("{", "").replace("}", "")
            body = {"json": {"new": NEW, **(CHANGE if place == "/auth/password" else {})}}
            for at in (0, 1):
                options = body if method == "post" else {}
                answer = house.ask(method.upper(), filled, at=at, **options)
                assert answer.status_code == 401, (method, place)
                assert answer.headers["www-authenticate"] == "Bearer"
            asked += 1
    assert asked >= 5


@pytest.mark.parametrize("path", ["/password", "/users/ann/password"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"other": 1}', b"x" * 20_000])
def test_a_token_is_wanted_before_the_body_is_judged(simple_house: House, path: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert simple_house.ask("POST", f"/auth{path}", content=content, headers=headers).status_code == 401
    token = simple_house.sign_in("ann")["access_token"]
    asked = simple_house.ask("POST", f"/auth{path}", content=content, headers=headers, token=token)
    assert asked.status_code == (403 if "users" in path else 413 if len(content) > 100 else 400)


def test_tokens_are_kept_by_no_cache_and_behind_tls_sent_by_tls_alone(simple_house: House) -> None:
    who = {"username": "ann", "password": PASSWORDS["ann"]}
    for at in (0, 1):
        plain = simple_house.post("/login", who, at=at)
        assert plain.headers["cache-control"] == "no-store"
        assert "secure" not in plain.headers["set-cookie"].lower()
        behind = simple_house.post("/login", who, at=at, headers={"X-Forwarded-Proto": "https"})
        assert "secure" in behind.headers["set-cookie"].lower()


def test_passwords_of_others_are_for_administrators(house: House) -> None:
    for name in ("ann", "ora"):
        token = house.sign_in(name)["access_token"]
        answer = house.post("/users/una/password", {"new": NEW}, token=token)
        assert answer.status_code == 403
        assert "role admin" in answer.json()["message"]


def test_a_changed_password_voids_every_token(fab_house: House) -> None:
    session, other, own = fab_house.sign_in("ann"), fab_house.sign_in("ann", at=1), airflows(fab_house, "ann")
    bystander = fab_house.sign_in("una")["access_token"]
    with changed_back(fab_house, "ann"):
        answer = fab_house.post("/password", CHANGE, token=other["access_token"], at=1)
        assert answer.status_code == 200, answer.text
        again = fab_house.sign_in("ann", NEW)
        for at in (0, 1):
            for token in (session["access_token"], other["access_token"], own):
                assert fab_house.me(token, at).status_code in (401, 403)
            cookie = fab_house.ask("GET", "/collections", at=at, cookies={"_token": own})
            assert cookie.status_code == 401
            assert "password was changed" in cookie.json()["message"]
            assert fab_house.me(again["access_token"], at).status_code == 200, "in the same second, too"
        assert fab_house.ask("GET", "/api/v2/assets", token=session["access_token"]).status_code == 403
        for one in (session, other):
            assert fab_house.post("/refresh", {"refresh_token": one["refresh_token"]}).status_code == 401
        old = fab_house.post("/login", {"username": "ann", "password": PASSWORDS["ann"]})
        assert old.status_code == 401
    assert fab_house.me(bystander).status_code == 200
    assert fab_house.me(again["access_token"]).status_code == 403, "a reset voids, too"


def test_a_password_is_changed_by_who_knows_it(fab_house: House) -> None:
    token = fab_house.sign_in("una")["access_token"]
    wrong = fab_house.post("/password", {"old": "wrong", "new": NEW}, token=token)
    assert (wrong.status_code, wrong.json()["message"]) == (403, "The old password is wrong.")
    same = {"old": PASSWORDS["una"], "new": PASSWORDS["una"]}
    assert fab_house.post("/password", same, token=token).status_code == 400
    assert (
        fab_house.post("/password", {"old": PASSWORDS["una"], "new": "short"}, token=token).status_code == 400
    )
    cookie = {"_token": token}
    assert fab_house.post("/password", {**CHANGE, "old": "x"}, cookies=cookie).status_code == 403
    assert fab_house.me(token).status_code == 200


def test_an_administrator_resets_a_password(fab_house: House) -> None:
    tokens, admin = fab_house.sign_in("una"), fab_house.sign_in("ada")["access_token"]
    with changed_back(fab_house, "una"):
        assert fab_house.post("/users/UNA/password", {"new": NEW}, token=admin, at=1).status_code == 200
        assert fab_house.me(tokens["access_token"]).status_code == 403
        assert fab_house.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
        assert fab_house.sign_in("una", NEW)["user"]["username"] == "una"
    assert fab_house.post("/users/nobody/password", {"new": NEW}, token=admin).status_code == 404
    assert fab_house.post("/users/a%00b/password", {"new": NEW}, token=admin).status_code == 404


def test_the_simple_auth_manager_says_why_it_cannot(simple_house: House) -> None:
    token = simple_house.sign_in("ada")["access_token"]
    asked = [
        ("/password", {"old": PASSWORDS["ada"], "new": NEW}, "simple_auth_manager_passwords_file"),
        ("/users/ann/password", {"new": NEW}, "simple_auth_manager_passwords_file"),
        ("/register", {"username": "new", "password": NEW}, "simple_auth_manager_users"),
    ]
    for path, body, told in asked:
        answer = simple_house.post(path, body, token=token)
        assert answer.status_code == 501
        assert told in answer.json()["message"]
        assert "FAB auth manager" in answer.json()["message"]


def test_accounts_are_made_where_it_is_allowed_and_can_read_alone(fab_house: House) -> None:
    body = {"username": "Zoe", "password": NEW}
    closed = fab_house.post("/register", body, at=1)
    assert (closed.status_code, closed.json()["message"]) == (
        403,
        "Accounts are made by the administrators here.",
    )
    made = fab_house.post("/register", {**body, "email": "zoe@example.org"})
    assert (made.status_code, made.json()["data"]) == (201, {"username": "Zoe", "role": "viewer"})
    tokens = fab_house.sign_in("zoe", NEW, at=1)
    assert tokens["user"] == {"username": "Zoe", "role": "viewer"}
    assert fab_house.ask("GET", "/collections", token=tokens["access_token"]).status_code == 200
    assert (
        fab_house.post("/users/ann/password", {"new": NEW}, token=tokens["access_token"]).status_code == 403
    )
    for taken in ({"username": "zoe"}, {"username": "zo", "email": "zoe@example.org"}):
        assert fab_house.post("/register", {"password": NEW, **taken}).status_code == 409
    for wrong in (
        {"username": "ada@example.org"},
        {"username": "x", "role": "Admin"},
        {"username": "x" * 65},
    ):
        assert fab_house.post("/register", {"password": NEW, **wrong}).status_code == 400
    assert fab_house.post("/register", {"username": "x", "password": "short"}).status_code == 400


def test_a_password_that_is_changed_elsewhere_ends_sessions_when_they_are_renewed(fab_house: House) -> None:
    """As Airflow's pages and its command change it: in the table alone."""
    tokens = fab_house.sign_in("una")
    engine = create_engine(fab_house.database)
    with changed_back(fab_house, "una"):
        with engine.begin() as connection:
            other = "UPDATE ab_user SET password = (SELECT password FROM ab_user WHERE username = 'ora')"
            connection.execute(text(f"{other} WHERE username = 'una'"))
        assert fab_house.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
        assert fab_house.me(tokens["access_token"], at=1).status_code == 403
        renewable = fab_house.sign_in("una", PASSWORDS["ora"])["refresh_token"]
        assert fab_house.post("/refresh", {"refresh_token": renewable}).status_code == 200
    engine.dispose()


def test_a_locked_user_cannot_renew(fab_house: House) -> None:
    tokens = fab_house.sign_in("lou")
    engine = create_engine(fab_house.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE ab_user SET active = false WHERE username = 'lou'"))
    engine.dispose()
    assert fab_house.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    answer = fab_house.post("/login", {"username": "lou", "password": PASSWORDS["lou"]})
    assert answer.status_code == 401


def test_failures_are_throttled_by_both_processes_together(house: House) -> None:
    statuses = [
        house.post("/login", {"username": "victim", "password": "wrong"}, at=n % 2).status_code
        for n in range(BY_NAME)
    ]
    assert statuses == [401] * BY_NAME
    for at in (0, 1):
        answer = house.post("/login", {"username": "Victim", "password": "wrong"}, at=at)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 901
        assert "Try again in" in answer.json()["message"]
    house.sign_in("ada")


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"username=ann&password=x", "application/x-www-form-urlencoded", 415),
        (b'{"username": "ann", "password": "hidden-one"}', "text/plain", 415),
        (b'{"username": "ann", "password": "hidden-one"', "application/json", 400),
        (b'{"username": "ann", "password": "hidden-one", "role": "admin"}', "application/json", 400),
        (b'{"username": "ann", "password": ["hidden-one"]}', "application/json", 400),
        (b'{"username": "ann", "password": "hidden\\u0000one"}', "application/json", 400),
        (b'["hidden-one"]', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'"' + b"x" * 20_000 + b'"', "application/json", 413),
    ],
)
def test_a_wrong_body_is_told_and_not_repeated(house: House, content: bytes, media: str, status: int) -> None:
    answer = house.ask("POST", "/auth/login", content=content, headers={"Content-Type": media})
    assert answer.status_code == status
    assert answer.json()["status"] == "error"
    assert "hidden" not in answer.text


def test_nothing_secret_is_logged(house: House) -> None:
    tokens = house.sign_in("ann")
    house.post("/login", {"username": "ann", "password": "mistyped-password"})
    renewed = house.post("/refresh", {"refresh_token": tokens["refresh_token"]}).json()["data"]
    house.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    said = "".join(log.read_text("utf-8", "replace") for log in house.logs)
    assert "'ann' signed in" in said
    secrets = [*PASSWORDS.values(), NEW, "mistyped-password", SECRET, "hidden-one"]
    for one in (tokens, renewed):
        secrets += [one["access_token"], one["refresh_token"], one["refresh_token"].partition(".")[2]]
    assert [secret for secret in secrets if secret in said] == []


def test_the_routes_are_documented(house: House) -> None:
    document = house.ask("GET", "/openapi.json", at=1, token=house.sign_in("ann")["access_token"]).json()
    routes = {path.partition("/auth")[2]: one for path, one in document["paths"].items() if "/auth/" in path}
    assert set(routes) == {
        *("/login", "/refresh", "/logout", "/register", "/password", "/users/{username}/password", "/me")
    }
    login = routes["/login"]["post"]
    assert login["requestBody"]["content"]["application/json"]["schema"]["required"] == [
        "username",
        "password",
    ]
    assert {"200", "400", "401", "429"} <= set(login["responses"])
    assert "422" not in login["responses"]
    tokens = document["components"]["schemas"]["Tokens"]["properties"]
    assert tokens["expires_in"]["examples"] == [900]
