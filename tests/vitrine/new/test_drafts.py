from common.pipelines.expressions.types import INTEGER, STRING
from vitrine.new.drafts import Column, Draft, Measure


def test_the_key_of_the_collection_has_the_day_and_each_column_once() -> None:
    assert Draft("a", "b", "", "", (), "at", ("id",)).collection_key == ("date", "id")
    assert Draft("a", "b", "", "", (), "date", ("date", "id")).collection_key == ("date", "id")
    assert Draft("a", "b", "", "", (), "", ("id",)).collection_key == ("id",)
    assert Draft("a", "b", "", "", (), "at", by=("date", "kind")).collection_key == ("date", "kind")


def test_a_measure_is_said_to_pipelines_and_to_the_engine() -> None:
    product = Measure("revenue", ("quantity", "order"), INTEGER)
    assert product.expression == "sum(quantity * order)"
    assert product.sql == 'sum("quantity" * "order")'
    assert (Measure("n", (), INTEGER).expression, Measure("n", (), INTEGER).sql) == ("count()", "count(*)")


def test_a_text_is_not_parsed() -> None:
    assert [Column("a", "A", kind).is_parsed for kind in (STRING, INTEGER)] == [False, True]
