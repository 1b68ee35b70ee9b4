import pytest

from common.pipelines.expressions.function import always, same, together
from common.pipelines.expressions.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NUMBER,
    STRING,
    TIMESTAMP,
    decimal,
)


def test_the_type_of_a_result() -> None:
    assert always(DATE)([STRING]) == DATE
    assert same(1)([STRING, DATE]) == DATE


def test_the_type_that_holds_all() -> None:
    assert together([INTEGER, decimal(4, 2), NOTHING]) == decimal(21, 2)
    assert together([INTEGER, NUMBER]) == NUMBER
    assert together([DATE, TIMESTAMP]) == TIMESTAMP
    assert together([NOTHING, NOTHING]) == STRING
    with pytest.raises(ValueError, match="the types do not go together: integer, boolean, number"):
        together([INTEGER, BOOLEAN, NUMBER])
