"""What each value becomes is tested with the step ``cast``; here, which types go into which."""

from itertools import product
from typing import get_args

from common.pipelines.expressions.casts import exactly
from common.pipelines.expressions.types import Type
from common.utils.contract import FieldType

TYPES = [Type.of("decimal(6,2)" if name == "decimal" else name) for name in get_args(FieldType)]
WAYS = {
    "string": {"integer", "number", "decimal", "boolean", "date", "timestamp"},
    "integer": {"number", "decimal", "boolean"},
    "number": {"integer", "decimal"},
    "decimal": {"integer", "number"},
    "boolean": {"integer"},
    "date": {"timestamp"},
}


def test_which_types_go_into_which() -> None:
    found = {
        (one.name, other.name)
        for one, other in product(TYPES, TYPES)
        if exactly("x", one, other, "x", shown=True) is not None
    }
    same = {(one.name, one.name) for one in TYPES} | {(one.name, "string") for one in TYPES}
    assert found == same | {(one, other) for one, others in WAYS.items() for other in others}


def test_the_error_names_the_value_if_it_may() -> None:
    shown = exactly("x", Type.of("string"), Type.of("integer"), "it's x", shown=True)
    hidden = exactly("x", Type.of("string"), Type.of("integer"), "it's x", shown=False)
    assert shown is not None
    assert hidden is not None
    assert "error('it''s x: ' || '''' || CAST(x AS VARCHAR)" in shown
    assert "CAST(x AS VARCHAR)" not in hidden
