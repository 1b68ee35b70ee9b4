"""Rows as the texts of INSERT statements, without a server."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sqlalchemy import BigInteger, Column, Double, MetaData, Table

from common.io.collections.protocol import StageError
from common.io.collections.sql.mysql import Utf8
from common.io.collections.sql.mysql_text import PIECE, insert_texts

TABLE = Table("shop`s", MetaData(), Column("id", BigInteger), Column("name", Utf8()), Column("share", Double))
HEAD = "INSERT INTO `shop``s` (`id`, `name`, `share`) VALUES "


def rows(*given: tuple[int | None, str | None, float | None]) -> pa.Table:
    """Rows, their columns in another order than the table's."""
    columns = dict(zip(("id", "name", "share"), zip(*given, strict=True), strict=True))
    kinds = {"share": pa.float64(), "id": pa.int64(), "name": pa.string()}
    return pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})


def test_each_value_is_written_so_that_it_means_itself() -> None:
    given = rows((-(2**63), "it's \\ %s", 0.1), (None, None, None), (2**63 - 1, "", 1e308), (0, "NULL", 5.0))
    assert list(insert_texts(TABLE, given, 100, 10_000)) == [
        HEAD + "(-9223372036854775808,'it''s \\\\ %s',0.1e0),(NULL,NULL,NULL),"
        "(9223372036854775807,'',1e+308),(0,'NULL',5e0)"
    ]


def test_a_statement_has_no_more_rows_than_a_batch_and_no_more_bytes_than_the_server_takes() -> None:
    given = rows(*((number, "é" * (number % 50), None) for number in range(1000)))
    assert [text.count("(") - 1 for text in insert_texts(TABLE, given, 300, 10**6)] == [300, 300, 300, 100]
    for largest in (200, 1000, 5000):
        texts = list(insert_texts(TABLE, given, 1000, largest))
        assert max(len(text.encode()) for text in texts) < largest
        values = ",".join(text.removeprefix(HEAD) for text in texts)
        (whole,) = insert_texts(TABLE, given, 1000, 10**6)
        assert HEAD + values == whole


def test_long_rows_are_not_made_into_text_all_at_once() -> None:
    texts = insert_texts(
        TABLE, rows(*((number, "x" * (PIECE // 4), None) for number in range(40))), 1000, 10**9
    )
    assert max(map(len, texts)) < 1.5 * PIECE


def test_a_row_that_the_server_does_not_take_is_refused() -> None:
    with pytest.raises(
        StageError, match=r"A row takes \d+ bytes, and the server takes 200.*max_allowed_packet"
    ):
        list(insert_texts(TABLE, rows((1, "a", None), (2, "é" * 100, None)), 1000, 200))
