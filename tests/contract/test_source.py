"""One suite over all kinds of sources: what extract relies on, whatever the records come from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from common.io.sources import ORIGIN, REJECTED, RESERVED, Part, Scope, Source
from common.utils.errors import SourceError
from common.utils.window import Window
from contract.sources import KINDS, SECRET, Case, Row, case_of

EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
# ruff: noqa: RUF001 (letters of all scripts are the point)
UNICODE = ["Zoë", "日本語", "𝔘𝔫𝔦", "a\u0301", 'x,"y"\nz', "\u202eabc", "Ω≈ç√", "'; DROP TABLE x; --"]


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """Each kind in turn."""
    with case_of(request.param, tmp_path) as made:
        yield made


def rows(count: int) -> list[Row]:
    """Rows with all the fields, whose texts and amounts differ."""
    return [
        {
            "id": at,
            "name": f"name {at}",
            "amount": f"{at}.{at % 10000:04}",
            "updated_at": f"2026-01-{at % 28 + 1:02}T{at % 24:02}:00:00Z",
        }
        for at in range(1, count + 1)
    ]


def parts(source: Source, scope: Scope = EVERYTHING) -> list[Part]:
    """All parts of all items."""
    return [part for item in source.items() for part in source.read(item, scope)]


def received(case: Case, found: list[Part]) -> list[tuple[int, str | None, Decimal | None]]:
    """Id, name and amount of all records, whatever types the kind gives them."""
    id_, name, amount = (case.fields.get(field, field) for field in ("id", "name", "amount"))
    return [
        (int(row[id_]), row.get(name), None if row.get(amount) is None else Decimal(row[amount]))
        for part in found
        for row in part.records.to_pylist()
    ]


def expected(put: list[Row]) -> list[tuple[int, str | None, Decimal | None]]:
    """The same of what was put."""
    return [
        (row["id"], row["name"], None if row["amount"] is None else Decimal(row["amount"])) for row in put
    ]


def test_an_empty_source_gives_no_record_and_no_error(case: Case) -> None:
    case.put([])
    assert received(case, parts(case.source())) == []


@pytest.mark.parametrize("count", [1, 2])
def test_few_records_are_all_there(case: Case, count: int) -> None:
    case.put(rows(count))
    assert received(case, parts(case.source())) == expected(rows(count))


def test_many_parts_give_each_record_once_and_in_order(case: Case) -> None:
    put = rows(3 * case.part_rows + 1)
    case.put(put)
    found = parts(case.source())
    assert len(found) >= 3
    assert received(case, found) == expected(put)


def test_the_same_is_read_again(case: Case) -> None:
    case.put(rows(7))
    source = case.source()
    assert (
        received(case, parts(source)) == received(case, parts(source)) == received(case, parts(case.source()))
    )


def test_nulls_stay_nulls(case: Case) -> None:
    put = [row | {"name": None, "amount": None} if row["id"] % 3 else row for row in rows(2 * case.part_rows)]
    case.put(put)
    assert received(case, parts(case.source())) == expected(put)


def test_a_column_of_nothing_but_nulls_is_no_error(case: Case) -> None:
    put = [row | {"name": None, "amount": None} for row in rows(5)]
    case.put(put)
    assert received(case, parts(case.source())) == expected(put)


def test_texts_of_all_scripts_come_through(case: Case) -> None:
    put = [row | {"name": name} for row, name in zip(rows(len(UNICODE)), UNICODE, strict=True)]
    case.put(put)
    assert received(case, parts(case.source())) == expected(put)


def test_amounts_keep_every_digit(case: Case) -> None:
    put = [row | {"amount": "10130981600972.3559"} for row in rows(2)]
    case.put(put)
    assert received(case, parts(case.source())) == expected(put)


def test_each_record_has_its_origin(case: Case) -> None:
    case.put(rows(2 * case.part_rows + 1))
    source = case.source()
    (item,) = source.items()
    found = list(source.read(item, EVERYTHING))
    places = [row for part in found for row in part.records.select(ORIGIN.names).to_pylist()]
    assert {row["_item"] for row in places} == {item.name}
    assert len({row["_digest"] for row in places}) == 1
    positions = [row["_position"] for row in places]
    assert positions == sorted(set(positions))
    assert positions[0] >= 1


def test_parts_have_the_schema_that_was_promised(case: Case) -> None:
    case.put(rows(2 * case.part_rows))
    source = case.source()
    (item,) = source.items()
    for part in source.read(item, EVERYTHING):
        own = [field for field in part.records.schema if field.name not in ORIGIN.names]
        assert part.records.schema.names[-len(ORIGIN) :] == ORIGIN.names
        assert not {field.name.lower() for field in own} & {name.lower() for name in RESERVED}
        assert item.schema is None or own == list(item.schema)
        assert part.unreadable.schema == REJECTED


def test_a_reader_that_stops_half_way_leaves_nothing_behind(case: Case) -> None:
    put = rows(3 * case.part_rows)
    case.put(put)
    source = case.source()
    (item,) = source.items()
    reading = source.read(item, EVERYTHING)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert received(case, parts(source)) == expected(put)


def test_reading_goes_on_after_the_part_that_was_kept(case: Case) -> None:
    put = rows(4 * case.part_rows)
    case.put(put)
    source = case.source()
    (item,) = source.items()
    whole = list(source.read(item, EVERYTHING))
    if not case.resumes:
        assert {part.mark for part in whole} == {""}
        return
    for kept, part in enumerate(whole[:-1], 1):
        rest = list(case.source().read(item, Scope(EVERYTHING.window, after=part.mark)))
        assert received(case, whole[:kept]) + received(case, rest) == expected(put)
        assert [row for part in rest for row in part.records["_position"].to_pylist()] == list(
            row for part in whole[kept:] for row in part.records["_position"].to_pylist()
        )


def test_a_bookmark_leaves_out_what_was_read_before(case: Case) -> None:
    put = rows(20)
    case.put(put)
    if case.cursor is None:
        assert not case.source().incremental
        return
    source = case.source(**case.cursor)
    assert source.incremental
    bookmark = list(source.read(source.items()[0], EVERYTHING))[-1].bookmark
    case.put(put + [row | {"id": row["id"] + 100} for row in put[:3]])
    source = case.source(**case.cursor)
    later = list(source.read(source.items()[0], Scope(EVERYTHING.window, bookmark)))
    ids = {one for one, _, _ in received(case, later)}
    assert {101, 102, 103} <= ids
    assert 1 not in ids


def test_wrong_credentials_are_refused_without_showing_them(case: Case) -> None:
    if not case.refuses:
        return
    case.put(rows(3))
    with pytest.raises(SourceError) as refused:
        parts(case.refused())
    chain: BaseException | None = refused.value
    while chain is not None:
        assert SECRET not in f"{chain!r}{chain}"
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    assert refused.value.next_step


def test_no_credential_is_in_a_name_or_a_repr(case: Case) -> None:
    case.put(rows(1))
    source = case.source()
    shown = [
        source.name,
        source.fingerprint,
        repr(source),
        repr(vars(source)),
        *(i.name for i in source.items()),
    ]
    assert not any(SECRET in one for one in shown)


def test_a_server_that_goes_away_is_an_error_and_never_a_shorter_source(case: Case) -> None:
    if not case.remote:
        return
    case.put(rows(6 * case.part_rows))
    with case.going_away(after_parts=2) as source, pytest.raises(SourceError) as gone:
        parts(source)
    assert gone.value.next_step
