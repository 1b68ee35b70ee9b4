"""From columns of files to those of a pipeline."""

from pathlib import Path

import pytest

from vitrine.new.columns import drafted, named
from vitrine.new.drafts import Draft
from vitrine.new.inference import Sample
from vitrine.new.names import NewError


def draft(folder: Path, *lines: str) -> Draft:
    path = folder / "a.csv"
    path.write_text("\n".join([*lines, ""]))
    sample = Sample(str(path))
    try:
        return drafted("shop", "things", "a.csv", sample)
    finally:
        sample.close()


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("InvoiceDate", "invoice_date"),
        ("Customer ID", "customer_id"),
        ("HTTPStatus", "http_status"),
        ("unit-price (€)", "unit_price"),
        ("Größe", "grosse"),
        ("2026", "n_2026"),
        ("€", "column"),
        ("", "column"),
        ("class", "class_"),
        ("created_at", "source_created_at"),
        ("Date", "source_date"),
        ("records", "source_records"),
        ("x" * 80, "x" * 30),
    ],
)
def test_a_name_is_fit_for_tables_and_python(theirs: str, ours: str) -> None:
    assert named([theirs]) == [ours]


def test_names_are_different() -> None:
    found = named(["a", "A", "a ", "a!", "x" * 31, "x" * 32, "x" * 33, "Updated At", "updated_at"])
    assert len(set(found)) == len(found)
    assert max(map(len, found)) <= 30
    assert named(["Tag", "date"], day=0) == ["date", "source_date"]


def test_records_that_are_identified_are_taken_as_they_are(tmp_path: Path) -> None:
    found = draft(
        tmp_path,
        "amount,order_id,at,note,updated_at",
        "1.50,7,2026-01-01T00:00:00Z,,2026-01-02T00:00:00Z",
        "2.5,8,2026-01-01T00:00:00Z,x,",
    )
    assert (found.event, found.key, found.collection_key) == ("at", ("order_id",), ("date", "order_id"))
    assert found.updated_at == "source_updated_at"
    assert (found.by, found.measures, found.sums) == ((), (), ("amount",))
    assert [one.name for one in found.columns if one.required] == ["order_id", "at"]


def test_a_day_is_called_date_and_may_be_a_part_of_the_key(tmp_path: Path) -> None:
    found = draft(tmp_path, "Tag,item_no,n", "2026-01-01,1,1", "2026-01-01,2,1", "2026-01-02,1,1")
    assert (found.event, found.key, found.collection_key) == (
        "date",
        ("date", "item_no"),
        ("date", "item_no"),
    )
    assert found.columns[0].theirs == "Tag"


@pytest.mark.parametrize(("rows", "key"), [(25, ("title",)), (5, ())])
def test_a_name_that_says_nothing_is_a_key_only_of_many_records(
    tmp_path: Path, rows: int, key: tuple[str, ...]
) -> None:
    found = draft(tmp_path, "group,title", *(f"g,t{at}" for at in range(rows)))
    assert found.key == key
    assert found.by == (() if key else ("group",))


def test_a_text_and_a_time_are_a_key_of_many_records(tmp_path: Path) -> None:
    found = draft(tmp_path, "place,at", *(f"p{at % 2},2026-01-01T{at // 2:02}:00:00Z" for at in range(30)))
    assert found.key == ("place", "at")
    assert found.collection_key == ("date", "place", "at")


def test_what_nothing_identifies_is_summed_up_by_day_and_what_repeats(tmp_path: Path) -> None:
    found = draft(
        tmp_path,
        "at,kind,n,x,phone",
        *(f"2026-01-01T00:00:00Z,{kind},1,1e3,4917012345678" for kind in "aabb"),
    )
    assert found.by == ("date", "kind")
    assert [(one.name, one.expression) for one in found.measures] == [
        ("records", "count()"),
        ("total_n", "sum(n)"),
    ]


def test_a_time_that_many_lack_is_no_event_and_one_that_few_lack_is(tmp_path: Path) -> None:
    times = ["2026-01-01T00:00:00Z"] * 97 + [""] * 3
    assert draft(tmp_path, "id,at", *(f"{at},{time}" for at, time in enumerate(times))).event == "at"
    times = ["2026-01-01T00:00:00Z"] * 90 + [""] * 10
    assert draft(tmp_path, "id,at", *(f"{at},{time}" for at, time in enumerate(times))).event == ""


def test_without_a_column_that_is_always_filled_there_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(NewError, match="a collection needs a key"):
        draft(tmp_path, "a,b", "1,", ",2")


def test_sums_are_of_amounts_and_not_of_numbers_that_identify(tmp_path: Path) -> None:
    rows = [f"2026-01-01,{country},17850.0,{at}.5" for at, country in enumerate("aabbcc")]
    found = draft(tmp_path, "day,country,customer_id,amount", *rows)
    assert [one.name for one in found.measures] == ["records", "total_amount"]
    assert found.by == ("date", "country")


@pytest.mark.parametrize(("rows", "key"), [(25, ("at",)), (5, ())])
def test_a_time_alone_is_a_key_only_of_many_records(tmp_path: Path, rows: int, key: tuple[str, ...]) -> None:
    found = draft(tmp_path, "at,n", *(f"2026-01-01T00:{at:02}:00Z,{at}" for at in range(rows)))
    assert found.key == key
