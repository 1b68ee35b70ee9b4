"""Chunks are files that are whole or not there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from common.io.collections.encoding import CHUNK, HASH, stored_schema
from common.io.collections.files.chunks import GROUP_ROWS, Chunks, ChunkWriter
from common.io.collections.files.formats import format_of
from common.io.collections.protocol import AttemptError, StoreError
from contract.kit import SALES


@pytest.fixture
def chunks(kind: str, tmp_path: Path) -> Chunks:
    return Chunks(tmp_path, SALES, format_of(kind), 3)


def rows(*chunk_ids: int) -> pa.Table:
    """One row each, with its place as quantity."""
    columns: dict[str, list[object]] = {
        "date": [20_000] * len(chunk_ids),
        "product_id": [f"P{place}" for place in range(len(chunk_ids))],
        "product_name": [None] * len(chunk_ids),
        "quantity": [*range(len(chunk_ids))],
        "revenue": [-12_345] * len(chunk_ids),
        "partition_date": [20_000] * len(chunk_ids),
        "created_at": [1] * len(chunk_ids),
        "updated_at": [2] * len(chunk_ids),
        CHUNK: [*chunk_ids],
        HASH: [2**62] * len(chunk_ids),
    }
    return pa.table(columns, schema=stored_schema(SALES))


def write(chunks: Chunks, tables: Iterable[pa.Table]) -> None:
    with ChunkWriter(chunks) as writer:
        for table in tables:
            writer.add(table)


def read(chunks: Chunks, chunk: int) -> list[int]:
    return [n for table in chunks.read(chunk, ["quantity"]) for n in table.column("quantity").to_pylist()]


def test_rows_come_back_in_their_stored_form(chunks: Chunks) -> None:
    write(chunks, [rows(5, 5)])
    assert pa.concat_tables(chunks.read(5, stored_schema(SALES).names)).equals(rows(5, 5))
    (table,) = chunks.read(5, [HASH, CHUNK, "revenue"])
    assert table.to_pylist() == [{HASH: 2**62, CHUNK: 5, "revenue": -12_345}] * 2
    (table,) = chunks.read(5, [CHUNK])
    assert table.to_pylist() == [{CHUNK: 5}] * 2


def test_tables_are_cut_at_chunks_and_chunks_go_on_in_the_next_table(chunks: Chunks) -> None:
    write(chunks, [rows(1, 1, 2), rows(2), rows(2, 3)])
    assert [read(chunks, chunk) for chunk in (1, 2, 3)] == [[0, 1], [2, 0, 0], [1]]
    assert chunks.ids() == {1, 2, 3}
    assert chunks.missing([1, 2, 3, 4]) == {4}


def test_nothing_to_write_writes_nothing(chunks: Chunks) -> None:
    write(chunks, [])
    write(chunks, [rows()])
    assert chunks.ids() == set()


def test_a_chunk_is_never_replaced(chunks: Chunks) -> None:
    write(chunks, [rows(1, 1)])
    with pytest.raises(AttemptError, match="Chunk 1"):
        write(chunks, [rows(1)])
    assert read(chunks, 1) == [0, 1]


def test_an_error_leaves_what_is_whole_and_nothing_half(chunks: Chunks, tmp_path: Path) -> None:
    def broken() -> Iterator[pa.Table]:
        yield rows(1, 2)
        raise KeyError("of the caller")

    with pytest.raises(KeyError):
        write(chunks, broken())
    assert [path.name for path in tmp_path.iterdir()] == [f"1{chunks.format.suffix}"]


def test_what_is_being_written_has_an_id_but_no_file(chunks: Chunks) -> None:
    with ChunkWriter(chunks) as writer:
        writer.add(rows(7))
        assert chunks.ids() == {7}
        assert chunks.missing([7]) == {7}
    assert chunks.missing([7]) == set()


def test_a_writer_whose_file_was_taken_away_is_told(chunks: Chunks) -> None:
    def slow() -> Iterator[pa.Table]:
        yield rows(7)
        assert chunks.delete(7) == 0

    with pytest.raises(AttemptError, match="abandoned"):
        write(chunks, slow())
    assert chunks.ids() == set()


def test_deleting_counts_rows(chunks: Chunks, tmp_path: Path) -> None:
    write(chunks, [rows(1, 1, 2)])
    (tmp_path / f"2{chunks.format.suffix}.part").touch()
    assert [chunks.delete(chunk) for chunk in (1, 2, 2, 9)] == [2, 1, 0, 0]
    assert list(tmp_path.iterdir()) == []


def test_damage_is_no_reason_to_keep_a_file(tmp_path: Path) -> None:
    chunks = Chunks(tmp_path, SALES, format_of("parquet"), 3)
    chunks.path(1).write_text("no Parquet")
    assert chunks.delete(1) == 0
    assert chunks.ids() == set()


def test_a_folder_that_is_away_is_a_clear_error(chunks: Chunks, tmp_path: Path) -> None:
    chunks.folder = tmp_path / "away"
    with pytest.raises(StoreError, match=r"No such file.*away"):
        write(chunks, [rows(1)])


def test_row_groups_serve_readers(tmp_path: Path) -> None:
    assert Chunks(tmp_path, SALES, format_of("parquet"), 3).group_rows == GROUP_ROWS
    assert Chunks(tmp_path, SALES, format_of("parquet"), 70_000).group_rows == 70_000
