"""Gold says what does not fit, and a dry run's stands apart."""

from pathlib import Path

import pytest

from common.io import lake
from common.verbs.gold import TransformError
from shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def test_a_sum_that_does_not_fit_says_what_to_look_for(shop: Shop) -> None:
    shop.write("a.csv", f"2026-01-01T10:00:00Z,P1,Mug,{2**62},99999999999999")
    with pytest.raises(TransformError) as caught:
        shop.run()
    assert caught.value.what.startswith("A value of sales/product_revenue does not fit its type: ")
    assert caught.value.next_step.startswith("Look for an absurd number or date")
    assert shop.rows("silver"), "the record can be looked at"


def test_a_dry_run_computes_gold_from_its_own_silver_and_leaves_the_other(shop: Shop) -> None:
    shop.write("a.csv", "2026-01-01,P1,Mug,1,2.00")
    shop.run("one")
    gold = lake.table_uri(shop.settings, "gold", "sales", "product_revenue")
    before = lake.version(gold)
    shop.write("b.csv", "2026-01-01,P1,Mug,5,2.00")
    done = shop.run("dry", dry_run=True)
    assert done.ledger.gold["quantity"] == 6
    assert lake.version(gold) == before
    assert done.gold.uri != gold
