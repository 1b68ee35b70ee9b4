"""What a run learns of the files it read, also where there are many."""

from pathlib import Path

import pytest

from common.io import file_index, lake
from common.io.sources.configured import configured
from shop import INTAKE, Shop

DAY_TEN = ("2026-01-10", "2026-01-11")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def spans(shop: Shop) -> list[tuple[str | None, str | None]]:
    dialect = configured(INTAKE.variables, str).source.dialect
    uri = lake.table_uri(shop.settings, "files", "sales", "product_revenue")
    return sorted(
        (str(span.first and span.first.date()), str(span.last and span.last.date()))
        for span in file_index.read(uri, dialect).values()
    )


def test_the_days_of_each_content_are_remembered(shop: Shop) -> None:
    shop.write("a.csv", "2026-01-03,P1,Mug,1,1", "2026-01-01,P1,Mug,some,1", "soon,P1,Mug,1,1")
    shop.write("b.csv", "soon,P1,Mug,1,1")
    shop.write("empty.csv")
    shop.run(window=DAY_TEN)
    assert spans(shop) == [("2026-01-01", "2026-01-03"), ("None", "None")]
    shop.write("c.csv", "2026-01-10,P1,Mug,1,1")
    shop.run("two", window=DAY_TEN)
    assert spans(shop) == [("2026-01-01", "2026-01-03"), ("2026-01-10", "2026-01-10"), ("None", "None")]


def test_a_dry_run_remembers_nothing(shop: Shop) -> None:
    shop.write("a.csv", "2026-01-03,P1,Mug,1,1")
    shop.run(dry_run=True)
    assert spans(shop) == []


def test_a_long_warning_is_cut_short(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    for day in range(1, 10):
        shop.write(f"{day}.csv", f"2026-01-{day:02},P1,Mug,1,1")
    shop.run(window=DAY_TEN)
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(
        "9 records of new files (1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 4 more) lie before the window, on "
        "9 days (2026-01-01, 2026-01-02, 2026-01-03, 2026-01-04, 2026-01-05 and 4 more): "
    )
    assert warning.endswith("with window_start=2026-01-01 and window_end=2026-01-10.")
