from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.pipelines.cleaning import EPOCH, clean
from common.pipelines.format import Source

FIELDS = {
    "at": "timestamp",
    "text": {"type": "string", "pattern": "[a-z]+", "one_of": ["ab", "c"]},
    "whole": {"type": "integer", "required": True, "min": 0, "max": 9},
    "money": {"type": "decimal(6,2)", "min": "0.01"},
    "rough": "number",
    "flag": "boolean",
    "day": {"type": "date", "min": "2020-01-01"},
    "doc": "object",
    "list": "array",
}
GOOD = {
    "at": "2026-01-05T10:00:00+02:00",
    "text": "ab",
    "whole": "3",
    "money": "1.5",
    "rough": "1e3",
    "flag": "Yes",
    "day": "2026-01-05",
    "doc": '{"a": 1}',
    "list": "[1]",
}


def cleaned(*records: dict[str, str | None], **source: Any) -> list[dict[str, Any]]:
    model = Source.model_validate({"fields": FIELDS, **source})
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    texts = pa.table({name: pa.array([one[name] for one in records], pa.string()) for name in FIELDS})
    verdict = {name: pa.nulls(len(records), pa.string()) for name in ("_rule", "_field", "_reason")}
    for name, column in verdict.items():
        texts = texts.append_column(name, column)
    received: Any = nw.from_native(engine.from_arrow(texts))
    return clean(model, received).to_native().to_arrow_table().to_pylist()


def test_fields_are_typed_exactly() -> None:
    (found,) = cleaned(GOOD, event_time="at")
    assert found["_rule"] is None
    assert {name: found[name] for name in FIELDS} == {
        "at": datetime(2026, 1, 5, 8, tzinfo=UTC),
        "text": "ab",
        "whole": 3,
        "money": Decimal("1.50"),
        "rough": 1000.0,
        "flag": True,
        "day": date(2026, 1, 5),
        "doc": '{"a": 1}',
        "list": "[1]",
    }
    assert (found["date"], found["_event_at"]) == (date(2026, 1, 5), found["at"])


@pytest.mark.parametrize(
    ("field", "text", "rule", "reason"),
    [
        ("whole", None, "whole_missing", "whole is missing"),
        ("whole", "x", "whole_type", 'whole "x" is not a whole number of 64 bits'),
        ("whole", "-1", "whole_min", 'whole "-1" is less than 0'),
        ("whole", "10", "whole_max", 'whole "10" is more than 9'),
        ("money", "1.555", "money_type", 'money "1.555" does not fit decimal(6,2)'),
        ("money", "0", "money_min", 'money "0" is less than 0.01'),
        ("text", "AB", "text_pattern", 'text "AB" does not fit [a-z]+'),
        ("text", "b", "text_one_of", 'text "b" is none of ab, c'),
        ("rough", "x", "rough_type", 'rough "x" is not a number'),
        ("flag", "maybe", "flag_type", 'flag "maybe" is neither true nor false'),
        ("day", "2026-02-30", "day_type", 'day "2026-02-30" is no date; write it as 2026-01-31'),
        ("day", "2019-12-31", "day_min", 'day "2019-12-31" is less than 2020-01-01'),
        ("doc", "[1]", "doc_type", 'doc "[1]" is no JSON object'),
        ("list", "{", "list_type", 'list "{" is no JSON list'),
        ("at", None, "at_missing", "at is missing"),
    ],
)
def test_a_record_that_does_not_fit_has_its_reason(
    field: str, text: str | None, rule: str, reason: str
) -> None:
    good, bad = cleaned(GOOD, {**GOOD, field: text}, event_time="at")
    assert good["_rule"] is None
    assert (bad["_rule"], bad["_field"]) == (rule, field)
    assert str(bad["_reason"]).startswith(reason)


def test_what_may_be_missing_is_null() -> None:
    (found,) = cleaned({**dict.fromkeys(FIELDS), "whole": "1"})
    assert found["_rule"] is None
    assert found["date"] == EPOCH
    assert {name for name in FIELDS if found[name] is not None} == {"whole"}


def test_without_an_event_time_the_last_change_tells_how_recent_it_is() -> None:
    (found,) = cleaned(GOOD, updated_at="at")
    assert (found["_event_at"], found["date"]) == (datetime(2026, 1, 5, 8, tzinfo=UTC), EPOCH)


def test_a_key_is_not_missing() -> None:
    (found,) = cleaned({**GOOD, "text": None}, key=["text"])
    assert found["_rule"] == "text_missing"
