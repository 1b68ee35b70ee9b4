import pytest

from common.pipelines.expressions.types import (
    DATE,
    INTEGER,
    NOTHING,
    NUMBER,
    STRING,
    TIMESTAMP,
    Type,
    common,
    decimal,
)


@pytest.mark.parametrize(
    "text", ["string", "integer", "number", "boolean", "date", "timestamp", "object", "array"]
)
def test_a_type_has_a_name(text: str) -> None:
    assert str(Type.of(text)) == text
    assert Type.of(text).is_number is (text in ("integer", "number"))
    assert Type.of(text).is_exact is (text == "integer")


def test_a_decimal_has_digits() -> None:
    kind = Type.of("decimal(18, 4)")
    assert (str(kind), kind.sql, kind.is_exact) == ("decimal(18,4)", "DECIMAL(18, 4)", True)
    for text in ("decimal(39,1)", "decimal(2,3)", "decimal(0,0)"):
        with pytest.raises(
            ValueError, match="a decimal has 1 to 38 digits, and no more of them after the point"
        ):
            Type.of(text)
    with pytest.raises(ValueError, match=r"unknown type 'decimal': did you mean 'decimal\(18,4\)'\?"):
        Type.of("decimal")
    with pytest.raises(ValueError, match=r"unknown type 'Integer': did you mean 'integer'\?"):
        Type.of("Integer")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (INTEGER, INTEGER, INTEGER),
        (INTEGER, decimal(4, 2), decimal(21, 2)),
        (decimal(4, 2), decimal(6, 1), decimal(7, 2)),
        (decimal(38, 0), decimal(38, 38), decimal(38, 38)),
        (decimal(4, 2), NUMBER, NUMBER),
        (DATE, TIMESTAMP, TIMESTAMP),
        (NOTHING, DATE, DATE),
        (NOTHING, NOTHING, NOTHING),
        (STRING, INTEGER, None),
        (STRING, Type.of("object"), None),
        (DATE, INTEGER, None),
    ],
)
def test_the_type_that_holds_two(one: Type, other: Type, both: Type | None) -> None:
    assert common(one, other) == both
    assert common(other, one) == both
