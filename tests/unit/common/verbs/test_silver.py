"""Transform: silver and gold do not depend on how the records came, and every record is accounted for."""

import pickle
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.io import lake
from common.verbs import silver as silver_module
from common.verbs.references import Transformed, from_json, to_json
from common.verbs.transform import transform
from shop import ALWAYS, KEYED, ONLINE_RETAIL, SUBJECT, Shop, money

BY_KEY = {"KEY": "order_line_id", "UPDATED_AT": "updated_at"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch, BY_KEY)


def day(number: int, days: int = 1) -> tuple[str, str]:
    """The window of some days of January 2026."""
    first = date(2026, 1, number)
    return first.isoformat(), (first + timedelta(days=days)).isoformat()


def line(
    number: int, product: str = "P1", quantity: object = 1, price: str = "9.50", name: str = "Mug"
) -> str:
    return f"2026-01-{number:02}T10:00:00Z,{product},{name},{quantity},{price}"


def order(key: str, updated: int, number: int, quantity: object = 1) -> str:
    return f"{key},2026-01-{updated:02}T12:00:00Z,{line(number, quantity=quantity)}"


def counts(transformed: Transformed) -> tuple[int, int, int, int]:
    ledger = transformed.ledger
    assert ledger.imbalances() == []
    return ledger.read, ledger.written, ledger.unchanged, ledger.deduplicated


def test_lines_become_silver_and_gold_with_a_balanced_ledger(shop: Shop) -> None:
    shop.write("a.csv", line(1, quantity=3), line(1, quantity=-1, name=""), line(2, "P2", 2, "0.0001"))
    done = shop.run()
    assert counts(done) == (3, 3, 0, 0)
    assert shop.gold() == {
        ("2026-01-01", "P1"): ("Mug", 2, 1, money("19"), money("28.5"), 2),
        ("2026-01-02", "P2"): ("Mug", 2, 0, money("0.0002"), money("0.0002"), 1),
    }
    assert done.ledger.silver == done.ledger.gold
    assert done.ledger.gold == {
        "order_lines": Decimal(3),
        "quantity": Decimal(4),
        "revenue": money("19.0002"),
    }
    assert (done.partitions, done.watermark) == (("2026-01-01", "2026-01-02"), "2026-01-02T10:00:00+00:00")
    assert done.gold.rows == 2
    assert from_json(Transformed, to_json(done)) == done


def test_silver_tells_the_file_and_line_of_every_row(shop: Shop) -> None:
    shop.write("deep/a.csv", line(1))
    shop.run()
    (row,) = shop.rows("silver")
    assert (row["_item"], row["_position"], len(row["_digest"])) == ("deep/a.csv", 2, 64)
    assert row["_event_at"] == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_rejected_records_are_kept_whole_with_field_and_reason(shop: Shop) -> None:
    bad = ["2026-02-30,P1,Mug,1,9.50,x", "2026-01-01,P1,Mug,some,9.50,y", "ragged", "2026-01-01,,Mug,1,,z"]
    shop.write("a.csv", line(1) + ",w", *bad, header="date,product_id,product_name,quantity,unit_price,extra")
    done = shop.run()
    assert counts(done) == (5, 1, 0, 0)
    assert done.ledger.rejected == {
        "ragged": 1,
        "date_impossible": 1,
        "product_id_missing": 1,
        "quantity_not_whole": 1,
    }
    assert [
        (row["_position"], row["rule"], row["field"], row["reason"], row["record"]) for row in shop.letters()
    ] == [
        (
            3,
            "date_impossible",
            "date",
            'date "2026-02-30" is no date; write it as 2026-01-31 or 2026-01-31T08:26:00Z',
            '{"date":"2026-02-30","product_id":"P1","product_name":"Mug","quantity":"1","unit_price":"9.50","extra":"x"}',
        ),
        (
            4,
            "quantity_not_whole",
            "quantity",
            'quantity "some" is not a whole number of 64 bits',
            '{"date":"2026-01-01","product_id":"P1","product_name":"Mug","quantity":"some","unit_price":"9.50","extra":"y"}',
        ),
        (5, "ragged", None, "1 field, and the header has 6", "ragged"),
        (
            6,
            "product_id_missing",
            "product_id",
            "product_id is missing",
            '{"date":"2026-01-01","product_id":null,"product_name":"Mug","quantity":"1","unit_price":null,"extra":"z"}',
        ),
    ]


def test_a_mended_file_takes_its_dead_letters_back(shop: Shop) -> None:
    shop.write("a.csv", line(1, quantity="some"))
    shop.run()
    assert len(shop.letters()) == 1
    shop.write("a.csv", line(1, quantity=1))
    assert counts(shop.run()) == (1, 1, 0, 0)
    assert shop.letters() == []


def test_records_outside_the_window_are_filtered_whatever_else_is_wrong(shop: Shop) -> None:
    shop.write("a.csv", line(1, quantity="some"), line(2), line(3), "soon,P1,Mug,1,1")
    done = shop.run(window=day(2))
    assert counts(done) == (4, 1, 0, 0)
    assert done.ledger.filtered == {"outside_window": 2}
    assert done.ledger.rejected == {"date_impossible": 1}
    assert done.partitions == ("2026-01-02",)


def test_records_before_the_window_of_a_new_file_are_told_with_the_way_out(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.write("a.csv", line(1), line(3), line(4), line(5), line(6))
    shop.run(window=day(5))
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "3 records of new files (a.csv) lie before the window, on 3 days (2026-01-01, 2026-01-03, "
        "2026-01-04): this run does not load them. If no other run has, trigger "
        "vitrine_sales_product_revenue_v1 with window_start=2026-01-01 and window_end=2026-01-05."
    ]
    caplog.clear()
    shop.run("again", window=day(5))
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []


def test_running_again_changes_nothing(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(1), line(2))
    first = shop.run("one")
    before = (shop.facts(), shop.gold())
    second = shop.run("two")
    assert counts(first) == (3, 3, 0, 0)
    assert counts(second) == (3, 0, 3, 0)
    assert (shop.facts(), shop.gold()) == before
    assert (second.partitions, second.watermark) == (first.partitions, first.watermark)


def test_the_same_content_under_two_names_counts_once_and_equal_lines_of_one_file_count_each(
    shop: Shop,
) -> None:
    shop.write("a.csv", line(1), line(1))
    shop.write("copy.csv", line(1), line(1))
    assert counts(shop.run()) == (4, 2, 0, 2)
    assert len(shop.facts()) == 2


def test_a_file_that_grew_or_was_corrected_does_not_count_twice(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(2, quantity=5))
    shop.run("one")
    shop.write("a.csv", line(1), line(2, quantity=6), line(2, "P2"))
    shop.run("two")
    assert shop.gold() == {
        ("2026-01-01", "P1"): ("Mug", 1, 0, money("9.5"), money("9.5"), 1),
        ("2026-01-02", "P1"): ("Mug", 6, 0, money("57"), money("57"), 1),
        ("2026-01-02", "P2"): ("Mug", 1, 0, money("9.5"), money("9.5"), 1),
    }


def test_days_that_a_rolling_file_has_no_more_stay(shop: Shop) -> None:
    shop.write("last-days.csv", line(1), line(2))
    shop.run("one")
    shop.write("last-days.csv", line(2), line(3))
    shop.run("two")
    assert sorted(shop.gold()) == [("2026-01-01", "P1"), ("2026-01-02", "P1"), ("2026-01-03", "P1")]


def test_a_window_that_ends_within_a_day_loses_nothing_of_it(shop: Shop) -> None:
    shop.write("a.csv", "2026-01-01T06:00:00Z,P1,Mug,1,1", "2026-01-01T18:00:00Z,P1,Mug,1,1")
    shop.run("one")
    shop.write("a.csv", "2026-01-01T06:00:00Z,P1,Mug,1,1", "2026-01-01T18:00:00Z,P1,Mug,2,1")
    shop.run("two", window=("2026-01-01T12:00:00", "2026-01-01T20:00:00"))
    assert shop.gold() == {("2026-01-01", "P1"): ("Mug", 3, 0, money("3"), money("3"), 2)}


def test_by_key_the_latest_update_wins_wherever_it_stands(keyed: Shop) -> None:
    keyed.write("a.csv", order("1", 3, 1, quantity=3), order("1", 1, 1), order("2", 1, 1), header=KEYED)
    keyed.write("b.csv", order("1", 2, 1, quantity=2), order("2", 1, 1, quantity=2), header=KEYED)
    done = keyed.run()
    assert counts(done) == (5, 2, 0, 3)
    assert [quantity for *_, quantity, _ in keyed.facts()] == [2, 3]


def test_by_key_a_late_correction_takes_the_place_of_what_silver_holds(keyed: Shop) -> None:
    keyed.write("a.csv", order("1", 1, 1), order("2", 1, 1), header=KEYED)
    keyed.run("one")
    keyed.write("b.csv", order("1", 2, 1, quantity=7), order("2", 1, 1), header=KEYED)
    (keyed.files / "a.csv").unlink()
    assert counts(keyed.run("two")) == (2, 1, 1, 0)
    assert [quantity for *_, quantity, _ in keyed.facts()] == [1, 7]


def test_by_key_an_older_record_does_not_undo_a_later_one(keyed: Shop) -> None:
    keyed.write("b.csv", order("1", 2, 1, quantity=7), header=KEYED)
    keyed.run("one")
    keyed.write("a.csv", order("1", 1, 1), header=KEYED)
    (keyed.files / "b.csv").unlink()
    assert counts(keyed.run("two")) == (1, 0, 0, 1)
    assert [quantity for *_, quantity, _ in keyed.facts()] == [7]


def test_by_key_a_record_that_moves_to_another_day_leaves_the_old_one(keyed: Shop) -> None:
    keyed.write("a.csv", *(order(str(number), number, number) for number in range(1, 6)), header=KEYED)
    keyed.run("one")
    keyed.write("b.csv", order("2", 7, 4, quantity=9), header=KEYED)
    done = keyed.run("two", window=day(4))
    assert done.partitions == ("2026-01-02", "2026-01-04"), "with the day it left, and none between"
    assert sorted(keyed.gold()) == [(f"2026-01-0{number}", "P1") for number in (1, 3, 4, 5)]
    assert keyed.gold()["2026-01-04", "P1"][1] == 10
    assert done.ledger.imbalances() == []


def test_by_key_a_record_seen_later_on_its_old_day_does_not_come_back(keyed: Shop) -> None:
    keyed.write("a.csv", order("2", 2, 2), header=KEYED)
    keyed.write("b.csv", order("2", 7, 4, quantity=9), header=KEYED)
    keyed.run("one", window=day(4))
    done = keyed.run("two", window=day(2))
    assert counts(done) == (1, 0, 0, 1)
    assert sorted(keyed.gold()) == [("2026-01-04", "P1")]


def test_by_key_records_without_key_or_with_an_impossible_time_are_rejected(keyed: Shop) -> None:
    keyed.write("a.csv", order("", 1, 1), order("1", 1, 1), f"2,soon,{line(1)}", header=KEYED)
    done = keyed.run()
    assert done.ledger.rejected == {"key_missing": 1, "updated_at_impossible": 1}
    assert counts(done) == (3, 1, 0, 0)


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_cut_of_the_days_gives_the_same(
    by_key: bool, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    shops = [Shop(tmp_path / name, monkeypatch, BY_KEY if by_key else {}) for name in ("once", "daily")]
    contents: dict[str, list[str]] = {}
    for number in range(1, 9):
        drawn = [(chance.randrange(40), chance.randint(max(1, number - 2), number)) for _ in range(12)]
        contents[f"{number:02}.csv"] = [
            order(f"k{key}", number, at, quantity=chance.randint(-2, 5)) if by_key
            else line(at, f"P{key % 3}", chance.randint(-2, 5), f"{key}.25", chance.choice(["a", "b", ""]))
            for key, at in drawn
        ]  # fmt: skip
    contents["99-again.csv"] = contents["05.csv"]
    for each in shops:
        for name, lines in contents.items():
            each.write(
                name, *lines, header=KEYED if by_key else "date,product_id,product_name,quantity,unit_price"
            )
    once, daily = shops
    once.configure(PATH=str(once.files))
    once.run()
    daily.configure(PATH=str(daily.files))
    windows = [day(number) for number in range(1, 9)] + [day(3, days=4)]
    chance.shuffle(windows)
    for at, window in enumerate(windows):
        assert daily.run(f"run{at}", window).ledger.imbalances() == []
    assert daily.facts() == once.facts()
    assert daily.gold() == once.gold()
    daily.run("all")
    assert daily.gold() == once.gold()


def test_a_full_refresh_holds_what_the_source_holds_now(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(9))
    shop.run("one")
    (shop.files / "a.csv").unlink()
    shop.write("b.csv", line(2))
    done = shop.run("two", full_refresh=True)
    assert counts(done) == (1, 1, 0, 0)
    assert sorted(shop.gold()) == [("2026-01-02", "P1")]


def test_records_of_another_source_are_not_mixed_in(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(9))
    shop.run("one")
    elsewhere = shop.files.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.csv").write_text((shop.files / "a.csv").read_text().replace("P1", "P2"))
    shop.configure(PATH=str(elsewhere))
    done = shop.run("two", day(9))
    assert done.ledger.imbalances() == []
    assert (sorted(shop.gold()), done.partitions) == ([("2026-01-09", "P2")], ("2026-01-09",))


def test_no_records_make_empty_tables(shop: Shop) -> None:
    done = shop.run()
    assert counts(done) == (0, 0, 0, 0)
    assert (done.partitions, done.watermark, done.gold.rows) == ((), None, 0)
    assert done.gold.version >= 0, "gold can be read"
    assert shop.rows("gold") == []


def test_the_watermark_is_of_the_window(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(5))
    shop.run("one")
    assert shop.run("two", window=day(1, days=3)).watermark == "2026-01-01T10:00:00+00:00"
    assert shop.run("three", window=day(2)).watermark is None


def test_a_dry_run_computes_the_same_and_leaves_the_lake_as_it_is(shop: Shop) -> None:
    shop.write("a.csv", line(1), line(2))
    shop.run("one")
    before = {path: path.stat().st_mtime_ns for path in Path(shop.settings.lake_root).rglob("*")}
    shop.write("a.csv", line(1), line(2, quantity=4), "2026-01-02,P1,Mug,some,1")
    dry = shop.run("two", day(2), dry_run=True)
    after = {path: path.stat().st_mtime_ns for path in before}
    root = Path(shop.settings.lake_root)
    assert {path: stamp for path, stamp in after.items() if path != root} == {
        path: stamp for path, stamp in before.items() if path != root
    }
    assert shop.gold()["2026-01-02", "P1"][1] == 1
    (row,) = shop.rows("gold", dry_run=True)
    assert (row["date"], row["quantity"]) == (date(2026, 1, 2), 4)
    assert counts(dry) == counts(shop.run("two", day(2))) == (3, 1, 0, 0)
    assert dry.partitions == ("2026-01-02",)
    assert len(shop.letters("two", dry_run=True)) == 1


def test_a_run_that_was_overtaken_writes_nothing_and_mends_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("a.csv", line(1))
    extracted = shop.extract("slow")
    clean = silver_module._Job._clean

    def overtaken(job: Any) -> None:
        monkeypatch.setattr(silver_module._Job, "_clean", clean)
        shop.write("b.csv", line(1, "P2"))
        shop.run("fast")
        clean(job)

    monkeypatch.setattr(silver_module._Job, "_clean", overtaken)
    with pytest.raises(lake.ConflictError, match="while run slow was at work"):
        transform(SUBJECT, shop.settings, [extracted])
    assert transform(SUBJECT, shop.settings, [extracted]).ledger.imbalances() == []
    assert sorted(shop.gold()) == [("2026-01-01", "P1"), ("2026-01-01", "P2")]


KILLED = """
import os, pickle, signal, sys
from common.io import lake
from common.verbs.transform import transform
arguments, layer, after = pickle.loads(bytes.fromhex(sys.argv[1])), sys.argv[2], sys.argv[3] == "after"
replace = lake.replace
def dying(uri, *given, **options):
    if f"/{layer}/" in uri and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    at = replace(uri, *given, **options)
    if f"/{layer}/" in uri:
        os.kill(os.getpid(), signal.SIGKILL)
    return at
lake.replace = dying
transform(*arguments)
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("layer", ["silver", "gold"])
def test_killed_and_run_again_it_comes_to_the_same(
    keyed: Shop, repository: Path, layer: str, when: str
) -> None:
    keyed.write("a.csv", order("1", 1, 1), order("2", 1, 2), order("3", 1, 3), header=KEYED)
    keyed.run("before")
    keyed.write("b.csv", order("1", 2, 1, quantity=5), order("2", 1, 2), order("4", 1, 2), header=KEYED)
    extracted = keyed.extract("run")
    packed = pickle.dumps((SUBJECT, keyed.settings, [extracted])).hex()
    died = subprocess.run(
        [sys.executable, "-c", KILLED, packed, layer, when],
        cwd=repository / "dags",
        capture_output=True,
        check=False,
    )
    assert died.returncode == -9, died.stderr.decode()[-500:]
    gold = keyed.gold()
    assert len(gold) == 3, "gold can be read at any time"
    again = transform(SUBJECT, keyed.settings, [extracted])
    assert counts(again) == (6, 2, 2, 2), "the same as if it had not been killed"
    assert sorted(quantity for *_, quantity, _ in keyed.facts()) == [1, 1, 1, 5]


def test_a_record_that_two_runs_place_at_different_days_stands_at_one(
    keyed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed.write("a.csv", order("1", 1, 5), order("2", 1, 5), header=KEYED)
    keyed.write("b.csv", order("1", 2, 20), header=KEYED)
    early, late = keyed.extract("early", day(5)), keyed.extract("late", day(20))
    settle = silver_module._Job._settle

    def overtaken(job: Any) -> None:
        monkeypatch.setattr(silver_module._Job, "_settle", settle)
        transform(SUBJECT, keyed.settings, [late])
        settle(job)

    monkeypatch.setattr(silver_module._Job, "_settle", overtaken)
    with pytest.raises(lake.ConflictError, match="changed the table while run early was at work"):
        transform(SUBJECT, keyed.settings, [early])
    assert counts(transform(SUBJECT, keyed.settings, [early])) == (3, 1, 0, 1)
    assert sorted(str(moment.date()) for moment, *_ in keyed.facts()) == ["2026-01-05", "2026-01-20"]


def test_a_run_again_takes_back_what_its_earlier_try_did_outside_of_the_window(keyed: Shop) -> None:
    keyed.write("a.csv", order("1", 1, 5), order("2", 1, 5), header=KEYED)
    keyed.run("before")
    before = keyed.facts()
    keyed.write("a.csv", order("1", 1, 8), order("2", 1, 5), header=KEYED)
    assert keyed.run("run", day(8)).partitions == ("2026-01-05", "2026-01-08")
    keyed.write("a.csv", order("1", 1, 5), order("2", 1, 5), header=KEYED)
    assert keyed.run("run", day(8)).partitions == ("2026-01-05",)
    assert keyed.facts() == before
    assert {key[0] for key in keyed.gold()} == {"2026-01-05"}


@pytest.mark.parametrize(
    "impossible", ["0000-06-01", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"]
)
def test_a_time_outside_of_all_calendars_costs_its_record_alone(shop: Shop, impossible: str) -> None:
    shop.write("a.csv", line(5), f"{impossible},P1,Mug,1,1")
    assert shop.run().ledger.rejected == {"date_impossible": 1}


FIGURES = {"order_lines": Decimal(245_903), "quantity": Decimal(2_292_167), "revenue": Decimal("4397950.761")}
GROSS = Decimal("4826466.491")


def gross(shop: Shop) -> Decimal:
    return sum((row["gross_revenue"] for row in shop.rows("gold")), Decimal(0))


@pytest.fixture(scope="module")
def at_once(online_retail: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Online Retail loaded in one run: the shop and the outcome."""
    with pytest.MonkeyPatch.context() as patch:
        shop = Shop(tmp_path_factory.mktemp("at_once"), patch, {**ONLINE_RETAIL, "PATH": str(online_retail)})
        return shop, shop.run()


def test_online_retail_to_the_penny(at_once: Any) -> None:
    shop, done = at_once
    assert counts(done) == (245_903, 245_903, 0, 0)
    assert done.ledger.gold == FIGURES
    assert gross(shop) == GROSS
    assert len(done.partitions) == 167
    assert done.watermark == "2011-06-30T20:08:00+00:00"


def test_online_retail_day_by_day_in_wrong_order_with_files_twice(
    at_once: Any, online_retail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, monkeypatch, ONLINE_RETAIL)
    files = sorted(online_retail.glob("*.csv"))
    chance = random.Random(2)
    chosen = chance.sample(files, 12)
    for at, path in enumerate(chosen):
        (shop.files / path.name).write_bytes(path.read_bytes())
        if at % 3 == 0:
            (shop.files / f"again-{path.name}").write_bytes(path.read_bytes())
        first = date.fromisoformat(path.stem)
        window = (first.isoformat(), (first + timedelta(days=1)).isoformat())
        assert shop.run(f"run{at}", window).ledger.imbalances() == []
    days = {path.stem for path in chosen}
    expected = {key: row for key, row in at_once[0].gold().items() if key[0] in days}
    assert shop.gold() == expected
    for path in files:
        (shop.files / path.name).write_bytes(path.read_bytes())
    done = shop.run("rest", ALWAYS)
    assert done.ledger.gold == FIGURES
    assert shop.gold() == at_once[0].gold()
