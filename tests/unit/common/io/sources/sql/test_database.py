"""Statements: conditions and marks put together, and names that need quotes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from common.io.sources.sql.database import Column, Statement, qualified, select
from common.utils.quoting import identifier


def test_conditions_are_added_to_a_statement_of_its_own() -> None:
    every = Statement("SELECT * FROM t")
    some = every.where("a >= {low}", low=1).where("b < {high}", high=2)
    assert (every.conditions, every.values) == ((), {})
    assert some.rendered(lambda name: f":{name}") == "SELECT * FROM t WHERE a >= :low AND b < :high"
    assert some.values == {"low": 1, "high": 2}


@pytest.mark.parametrize(
    ("text", "values", "rendered"),
    [
        ("SELECT '{}', '{other}', {low}", {"low": 1}, "SELECT '{}', '{other}', %(low)s"),
        ("SELECT {low}, {lower}", {"low": 1, "lower": 2}, "SELECT %(low)s, %(lower)s"),
        ("SELECT {a}, {a}", {"a": "{b}", "b": 2}, "SELECT %(a)s, %(a)s"),
        ("SELECT {axb}", {"a.b": 1}, "SELECT {axb}"),
        ("SELECT '{}' LIKE '{low}%'", {}, "SELECT '{}' LIKE '{low}%'"),
    ],
)
def test_only_marks_with_a_value_become_placeholders(
    text: str, values: dict[str, int | str], rendered: str
) -> None:
    assert Statement(text, values).rendered(lambda name: f"%({name})s") == rendered


@pytest.mark.parametrize(
    ("table", "quoted"),
    [
        ("lines", '"lines"'),
        ("sales.order lines", '"sales"."order lines"'),
        ('"a.b".c', '"a.b"."c"'),
        ('"say ""hi""".t', '"say ""hi"""."t"'),
        ('a"; DROP TABLE x', '"a"."; DROP TABLE x"'),
    ],
)
def test_each_part_of_a_tables_name_is_quoted(table: str, quoted: str) -> None:
    assert qualified(table, identifier) == quoted


def test_all_rows_are_asked_for_with_the_relations_values() -> None:
    columns = [Column('a"b', pa.int64(), 'CAST("a""b" AS text)'), Column("c", pa.string(), "c")]
    relation = Statement("(SELECT {since}) AS q", {"since": 1})
    assert select(columns, relation, identifier) == Statement(
        'SELECT CAST("a""b" AS text) AS "a""b", c AS "c" FROM (SELECT {since}) AS q', {"since": 1}
    )
