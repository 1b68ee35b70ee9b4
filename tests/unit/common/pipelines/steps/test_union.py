from decimal import Decimal

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"id": "integer!", "amount": "integer!", "date": "date!"}
RETURNS = {"amount": "decimal(6,2)!", "id": "integer!", "reason": "string!*"}
LATE = {"id": "integer", "date": "date!", "amount": "integer!"}


def test_rows_come_by_the_names_of_their_columns(bench: Bench) -> None:
    tables = {"returns": (RETURNS, [("1.50", 2, "broken")]), "late": (LATE, [(None, "2026-01-02", 7)])}
    found = bench.run("union: {with: [returns, late]}", GIVEN, [(1, 5, "2026-01-01")], tables)
    assert sorted((row[0] or 0, row[1], row[3]) for row in found) == [
        (0, Decimal("7.00"), None),
        (1, Decimal("5.00"), None),
        (2, Decimal("1.50"), "broken"),
    ]
    done = bench.plan("union: {with: [returns, late]}", GIVEN, {"returns": RETURNS, "late": LATE})
    assert list(done.columns.items()) == [
        ("id", "integer"),
        ("amount", "decimal(21,2)!"),
        ("date", "date"),
        ("reason", "string*"),
    ]
    assert not done.planned.by_day


def test_what_is_personal_in_one_table_is_so_in_all(bench: Bench) -> None:
    for ours, theirs in (("string*", "string"), ("string", "string*")):
        assert bench.plan("union: {with: [t]}", {"a": ours}, {"t": {"a": theirs}}).columns == {"a": "string*"}


def test_what_is_wrong(bench: Bench) -> None:
    done = bench.plan("union: {with: [retuns, odd]}", GIVEN, {"returns": RETURNS, "odd": {"id": "string"}})
    assert done.problems == [
        "2:20: unknown source or table 'retuns': did you mean 'returns'?",
        "2:28: 'id' is of type integer here and string in 'odd': cast one of them",
    ]
