from datetime import date

from vitrine.new import sample, sample_orders


def test_the_text_has_the_columns_of_the_draft_and_the_days_up_to_the_last() -> None:
    header, *lines = sample.text(date(2026, 11, 20)).splitlines()
    assert header.split(",") == [column.theirs for column in sample.draft("shop", "orders").columns]
    days = [line.split(",")[1][:10] for line in lines]
    assert (days[0], days[-1], len(set(days))) == ("2026-11-07", "2026-11-20", sample.DAYS)
    assert len({line.split(",")[0] for line in lines}) == len(lines)


def test_the_module_is_that_of_the_subject_and_gives_the_same_files() -> None:
    module: dict[str, object] = {}
    text = sample.module("tickets")
    assert text.startswith('"""The sample of the subject ``tickets``: ')
    exec(text, module)
    asked = (7, date(2026, 11, 1), date(2026, 11, 2))
    assert [*module["files"](*asked)] == [*sample_orders.files(*asked)]  # type: ignore[operator]
