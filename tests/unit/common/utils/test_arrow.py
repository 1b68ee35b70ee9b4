"""Short Arrow schemas."""

import pyarrow as pa

from common.utils.arrow import schema_of


def test_columns_are_nullable_and_in_order() -> None:
    assert schema_of(b=pa.int64(), a=pa.string()) == pa.schema(
        [pa.field("b", pa.int64()), pa.field("a", pa.string())]
    )
