from hashlib import sha256

import pytest

from common.pipelines.steps.mask import Step
from unit.common.pipelines.steps.kit import Bench

GIVEN = {"mail": "string!*", "name": "string*", "card": "integer*", "born": "date!*", "date": "date!"}
ROWS = [
    ("a@b", "Ann", 1234567890, "1990-01-01", "2026-01-01"),
    ("c@d", None, 1234, "1990-01-01", "2026-01-01"),
]
STEP = "mask: {mail: {hash: a'key}, name: redact, card: last4, born: null}"


def test_values_cannot_be_read(bench: Bench) -> None:
    key = sha256(b"a'key").hexdigest()

    def hashed(value: str) -> str:
        return sha256(f"{key}{value}".encode()).hexdigest()

    found = {row[:4] for row in bench.run(STEP, GIVEN, ROWS)}
    assert found == {(hashed("a@b"), "***", "****7890", None), (hashed("c@d"), None, "****", None)}


def test_what_is_masked_is_no_personal_data(bench: Bench) -> None:
    done = bench.plan(STEP, GIVEN)
    assert done.columns == {
        "mail": "string!",
        "name": "string",
        "card": "string",
        "born": "date",
        "date": "date!",
    }
    assert done.planned.by_day
    assert not bench.plan("mask: {date: null}", GIVEN).planned.by_day


def test_the_key_is_shown_nowhere(bench: Bench) -> None:
    assert "a'key" not in bench.plan(STEP, GIVEN).planned.sql
    assert "a'key" not in repr(Step.model_validate({"mail": {"hash": "a'key"}}))
    with pytest.raises(ValueError, match="hash") as raised:
        Step.model_validate({"mail": {"hash": 123456}})
    assert "a'key" not in str(raised.value)


def test_what_is_wrong(bench: Bench) -> None:
    step = 'mask: {mail: hash, name: {hash: ""}, nam: redact}'
    needs = "a hash needs a key, or anybody can try values: {hash: ${MASK_KEY}}"
    assert bench.plan(step, GIVEN).problems == [
        f"2:12: {needs}",
        f"2:24: {needs}",
        "2:42: unknown column 'nam': did you mean 'name'?",
    ]
