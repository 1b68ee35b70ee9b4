"""What a run goes on from; a wrong bookmark and lost silver are in test_extract and test_incremental."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from common.io.collections.protocol import Version
from common.io.sources.configured import Configured
from common.io.sources.settings import SourceSettings
from common.utils.errors import SettingsError
from common.verbs.continuity import Live, demand_key
from common.verbs.subject import Subject

INTAKE = Subject("sales", "product_revenue", 1).intake("order_lines")
VERSION = Version(
    number=3,
    rows=5,
    published_at=datetime(2026, 1, 2, tzinfo=UTC),
    watermark=datetime(2026, 1, 1, tzinfo=UTC),
    source="abc",
    run_id="run",
    ledger={},
    contract_version="1.0.0",
    bookmark={"items": {}, "silver": 4},
)


def test_what_of_the_live_version_matters() -> None:
    assert Live.of(None, INTAKE) == Live(None, None, {})
    assert Live.of(VERSION, INTAKE) == Live(VERSION.watermark, "abc", {"items": {}, "silver": 4})
    assert Live.of(replace(VERSION, rows=0), INTAKE).source is None, "nothing can be mixed with nothing"


class Table:
    name = "table lines"
    dialect = ""


class Folder:
    name = "Files"
    dialect = "csv"


def test_what_has_no_content_of_its_own_needs_a_key() -> None:
    def configured(source: object, **settings: Any) -> Configured:
        return Configured(cast("Any", source), SourceSettings(**settings), "VITRINE_A_B_")

    demand_key(configured(Folder()))
    demand_key(configured(Table(), key="id"))
    with pytest.raises(SettingsError, match="VITRINE_A_B_KEY"):
        demand_key(configured(Table()))
