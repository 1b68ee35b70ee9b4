"""What is told of the columns of files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from common.utils.errors import SourceError
from vitrine.new import inference
from vitrine.new.inference import Sample
from vitrine.new.names import NewError


@contextmanager
def sampled(path: Path) -> Iterator[Sample]:
    sample = Sample(str(path))
    try:
        yield sample
    finally:
        sample.close()


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["9223372036854775807", "-9223372036854775808"], "integer"),
        (["9223372036854775808", "1"], "string"),
        (["007", "12"], "string"),
        (["+49", "12"], "string"),
        (["1", "0"], "integer"),
        (["1.5", "2"], "decimal(18,1)"),
        (["-0.1234", ".5", "12345"], "decimal(18,4)"),
        (["1.5e3", "2"], "number"),
        (["0.30000000000000004", "1.5"], "number"),
        (["123456789012345.6789", "1.5"], "number"),
        (["01.5", "2"], "string"),
        (["1,5", "2"], "string"),
        (["1.5", "x"], "string"),
        (["true", "FALSE"], "boolean"),
        (["yes", "no"], "boolean"),
        (["yes", "1"], "string"),
        (["2026-01-31", "2024-02-29"], "date"),
        (["2026-02-30", "2026-01-01"], "string"),
        (["31.01.2026", "01.01.2026"], "string"),
        (["2026-01-31T10:00:00Z", "2026-01-31 10:00"], "timestamp"),
        (["2026-01-31", "2026-01-31 10:00"], "timestamp"),
        (["", "5", " "], "integer"),
        (["", ""], "string"),
        ([" 7 ", "8"], "integer"),
    ],
)
def test_a_type_is_that_of_all_texts(tmp_path: Path, texts: list[str], kind: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["a,b", *(f'"{text}",x' for text in texts), ""]))
    with sampled(path) as sample:
        assert str(sample.columns[0].type) == kind
        assert sample.columns[0].filled == sum(bool(text.strip()) for text in texts)


def test_each_kind_of_file_is_read_as_a_run_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Größe;n\nä;1\n".encode("cp1252"))
    (tmp_path / "b.ndjson").write_text('{"n": 2.5, "in": {"x": 1}}\n')
    pa.parquet.write_table(pa.table({"n": pa.array([3], pa.int16())}), tmp_path / "c.parquet")
    for path in (tmp_path, tmp_path / "*"):
        with sampled(path) as sample:
            assert sample.rows == 3
            assert [(one.theirs, str(one.type), one.filled) for one in sample.columns] == [
                ("Größe", "string", 1),
                ("n", "decimal(18,1)", 3),
                ("in", "string", 1),
            ]


def test_the_fewest_columns_that_are_different_identify_a_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,d\n1,1,1,\n1,2,2,5\n2,1,3,6\n")
    with sampled(path) as sample:
        assert sample.key([0, 1]) == (0, 1)
        assert sample.key([0, 1, 2]) == (2,)
        assert sample.key([0]) == ()
        assert not sample.identify([3]), "one has none"


def test_no_more_records_are_read_than_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "ROWS", 10)
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 15)
    (tmp_path / "b.csv").write_text("n\nx\n")
    with sampled(tmp_path) as sample:
        assert (sample.rows, str(sample.columns[0].type)) == (10, "integer")


def test_what_has_no_records_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(NewError, match="no records"):
        Sample(str(tmp_path / "a.csv"))
    with pytest.raises(SourceError, match="nothing at"):
        Sample(str(tmp_path / "nowhere.csv"))
