"""Replay: what a fix makes usable becomes rows, once; the rest stays what it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io import lake
from common.transforms import product_revenue
from common.utils.errors import StaleError
from common.utils.window import Window
from common.verbs.continuity import Live
from common.verbs.load import load
from common.verbs.publish import publish
from common.verbs.references import Loaded, Run
from common.verbs.replay import extract_letters, mark_replayed
from common.verbs.transform import transform
from common.verbs.validate import validate
from shop import HEADER, INTAKE, KEYED, SUBJECT
from unit.common.verbs.house import House

DAY = Window(datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
ALL = Window(None, datetime(2030, 1, 1, tzinfo=UTC))
GOOD = [f"2026-01-03,P{at},Mug,1,2.50" for at in range(60)]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def replay(house: House, run_id: str = "replay", window: Window = ALL, rule: str = "") -> tuple[Loaded, int]:
    """All five verbs and the marking."""
    run = Run(run_id, window, scheduled=False, replay=True)
    live = Live.of(house.live(), INTAKE)
    extracted = extract_letters(INTAKE, house.contract, house.settings, run, live, rule=rule)
    validated = validate(house.contract, house.settings, transform(SUBJECT, house.settings, [extracted]))
    loaded = load(house.contract, house.settings, validated)
    publish(house.contract, house.settings, loaded)
    return loaded, mark_replayed(SUBJECT, house.settings, loaded)


def euros(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix: prices written with a sign are understood."""
    records = product_revenue.SOURCES["order_lines"]

    def fixed(received: Any) -> Any:
        import narwhals.stable.v2 as nw

        return records.clean(
            received.with_columns(unit_price=nw.col("unit_price").str.replace_all("€", "", literal=True))
        )

    monkeypatch.setattr(product_revenue, "SOURCES", {"order_lines": replace(records, clean=fixed)})


def open_letters(house: House) -> list[tuple[str, int, str]]:
    found = [letter for letter in house.letters(None) if letter["_replayed"] is None]
    return sorted((letter["_item"], letter["_position"], letter["rule"]) for letter in found)


def quantities(house: House) -> dict[tuple[str, str], int]:
    return {(str(row["date"]), row["product_id"]): row["quantity"] for row in house.content().to_pylist()}


def test_what_the_fix_makes_usable_is_published_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00", "2026-01-06,Y,Pot,many,3.00")
    house.publish("first")
    euros(monkeypatch)
    loaded, marked = replay(house)
    assert marked == 1
    assert quantities(house)["2026-01-05", "X"] == 4
    assert len(quantities(house)) == len(GOOD) + 1
    assert open_letters(house) == [("a.csv", 63, "quantity_not_whole")]
    assert loaded.validated.transformed.ledger.read == 2
    assert loaded.validated.transformed.ledger.imbalances() == []


def test_done_twice_it_changes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00", "2026-01-06,Y,Pot,many,3.00")
    house.publish("first")
    euros(monkeypatch)
    loaded, _ = replay(house)
    before, letters = house.live(), house.letters(None)
    assert mark_replayed(SUBJECT, house.settings, loaded) == 1, "its task may be tried again"
    assert house.letters(None) == letters
    _, marked = replay(house, "again")
    assert marked == 0
    assert (house.live().number, house.letters(None)) == (before.number, letters)


def test_without_a_fix_nothing_moves_and_no_letter_is_kept_twice(house: House) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    before, letters = house.live(), house.letters(None)
    _, marked = replay(house)
    assert (marked, house.live().number, house.letters(None)) == (0, before.number, letters)


def test_only_one_rule_or_one_window(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["2026-01-05,X,Pot,4,€3.00", "2026-01-06,Y,Pot,5,€3.00", "2026-01-07,Z,Pot,many,3.00"]
    house.write("a.csv", *GOOD, *lines)
    house.publish("first")
    euros(monkeypatch)
    assert replay(house, "rule", rule="quantity_not_whole")[1] == 0
    day = Window(datetime(2026, 1, 6, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC))
    assert replay(house, "window", day)[1] == 1
    assert open_letters(house) == [
        ("a.csv", 62, "unit_price_not_a_number"),
        ("a.csv", 64, "quantity_not_whole"),
    ]
    assert quantities(house)["2026-01-06", "Y"] == 5


def test_what_could_not_be_read_is_read_again_from_its_file(house: House) -> None:
    path = house.write("a.csv", *GOOD)
    path.write_bytes(path.read_bytes() + "2026-01-05,X,Größe,4,3.00\n".encode("latin-1"))
    house.configure(ENCODING="utf-8")
    house.publish("first")
    assert open_letters(house) == [("a.csv", 62, "encoding")]
    house.configure(ENCODING="latin-1")
    assert replay(house)[1] == 1
    assert open_letters(house) == []
    names = {row["product_id"]: row["product_name"] for row in house.content().to_pylist()}
    assert names["X"] == "Größe"


def test_what_cannot_be_read_still_stays(house: House) -> None:
    house.write("a.csv", *GOOD, "ragged")
    house.publish("first")
    assert replay(house)[1] == 0
    (house.files / "a.csv").unlink()
    house.write("b.csv", *GOOD[:1])
    assert replay(house, "later")[1] == 0
    assert open_letters(house) == [("a.csv", 62, "ragged")]


def test_records_that_a_newer_content_replaced_do_not_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,9,3.00")
    house.publish("second")
    euros(monkeypatch)
    assert replay(house)[1] == 0
    assert quantities(house)["2026-01-05", "X"] == 9


def test_by_key_a_later_record_wins_over_an_old_letter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.configure(KEY="order_line_id", UPDATED_AT="updated_at")
    keyed = [f"{at},2026-01-01T00:00:00Z,{line}" for at, line in enumerate(GOOD)]
    house.write("a.csv", *keyed, "x,2026-01-01T00:00:00Z,2026-01-05,X,Pot,4,€3.00", header=KEYED)
    house.publish("first")
    house.write("b.csv", "x,2026-01-02T00:00:00Z,2026-01-05,X,Pot,9,3.00", header=KEYED)
    house.publish("second")
    euros(monkeypatch)
    assert replay(house)[1] == 1
    assert quantities(house)["2026-01-05", "X"] == 9
    assert open_letters(house) == []


def test_one_record_rejected_by_many_runs_is_replayed_once_and_marked_everywhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00", header=HEADER)
    for run_id in ("first", "second", "third"):
        house.publish(run_id)
    assert len(house.letters(None)) == 3
    euros(monkeypatch)
    loaded, marked = replay(house)
    assert (marked, loaded.validated.transformed.ledger.read) == (1, 1)
    assert {letter["_replayed"] for letter in house.letters(None)} == {"replay"}


def test_a_replay_that_is_cleared_keeps_what_it_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    euros(monkeypatch)
    replay(house)
    assert replay(house)[1] == 1, "the same run again"
    assert quantities(house)["2026-01-05", "X"] == 4
    assert open_letters(house) == []


def test_content_that_is_replaced_while_a_replay_is_under_way_does_not_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    euros(monkeypatch)
    run = Run("replay", ALL, scheduled=False, replay=True)
    extracted = extract_letters(INTAKE, house.contract, house.settings, run, Live.of(house.live(), INTAKE))
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,9,3.00")
    house.publish("second")
    with pytest.raises(StaleError, match=r"a\.csv has another content"):
        transform(SUBJECT, house.settings, [extracted])
    assert replay(house)[1] == 0
    assert quantities(house)["2026-01-05", "X"] == 9


def test_letters_of_another_source_stay_away(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    house.files = tmp_path / "others"
    house.files.mkdir()
    house.configure(PATH=str(house.files))
    house.write("b.csv", *GOOD)
    house.publish("rebuilt", full_refresh=True)
    euros(monkeypatch)
    assert replay(house)[1] == 0
    assert ("2026-01-05", "X") not in quantities(house)


def test_records_of_a_source_without_contents_are_told_apart_by_themselves(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "lines.db"
    house.configure(SOURCE="sql", CONNECTION=f"sqlite:///{path}", TABLE="lines", KEY="id", CURSOR="id")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE lines (id INTEGER, date, product_id, product_name, quantity, unit_price)")
        db.executemany(
            "INSERT INTO lines VALUES (?, '2026-01-03', 'P', 'Mug', 1, '1')", [(n,) for n in range(99)]
        )
    put = "INSERT INTO lines VALUES (?, '2026-01-05', 'X', 'Pot', ?, '€3')"
    house.publish("first", DAY, scheduled=True)
    for number, id_ in enumerate((101, 2001)):
        with closing(sqlite3.connect(path)) as db, db:
            good = [(id_ + 1000 + n, "2026-01-04", "P", "Mug", 1, "1") for n in range(40)]
            db.execute(put, (id_, id_))
            db.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", good)
        house.publish(f"next-{number}", DAY, scheduled=True)
    euros(monkeypatch)
    assert replay(house)[1] == 2
    assert quantities(house)["2026-01-05", "X"] == 2102
    assert open_letters(house) == []


def test_a_name_that_had_two_contents_does_not_mix_their_verdicts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.configure(KEY="order_line_id", UPDATED_AT="updated_at")
    keyed = [f"{at},2026-01-01T00:00:00Z,{line}" for at, line in enumerate(GOOD)]
    house.write("a.csv", *keyed, "x,2026-01-01T00:00:00Z,2026-01-05,X,Pot,many,3.00", header=KEYED)
    house.publish("first")
    house.write("a.csv", *keyed, "x,2026-01-02T00:00:00Z,2026-01-05,X,Pot,9,€3.00", header=KEYED)
    house.publish("second")
    euros(monkeypatch)
    assert replay(house)[1] == 1
    assert [rule for _, _, rule in open_letters(house)] == ["quantity_not_whole"]


def test_bronze_keeps_its_types_after_a_replay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.configure(TYPES="quantity=integer")
    house.write("a.csv", *GOOD, "2026-01-05,X,Pot,4,€3.00")
    house.publish("first")
    euros(monkeypatch)
    replay(house)
    bronze = lake.table_uri(house.settings, "bronze", "sales", "product_revenue")
    assert str(lake.schema(bronze).field("quantity").type) == "int64"
