"""What all kinds of sources are configured by."""

import pytest

from common.io.sources.settings import CursorSettings, SourceSettings, fingerprint, pairs_of
from common.utils.errors import SettingsError

PREFIX = "VITRINE_A_B_"


def test_names_and_pairs_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "COLUMNS", "date=InvoiceDate, product_id = StockCode,")
    monkeypatch.setenv(PREFIX + "TYPES", "price=decimal(18,4), quantity=integer")
    monkeypatch.setenv(PREFIX + "KEY", "InvoiceNo, StockCode,")
    found = SourceSettings.of(PREFIX)
    assert found.columns == {"date": "InvoiceDate", "product_id": "StockCode"}
    assert found.types == {"price": "decimal(18,4)", "quantity": "integer"}
    assert (found.key, found.updated_at, found.connection) == (("InvoiceNo", "StockCode"), "", "")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("COLUMNS", "date", "COLUMNS: .*write it as name=value"),
        ("TYPES", "=x", "TYPES: .*write it as name=value"),
        ("OVERLAP", "1 day", "OVERLAP: "),
    ],
)
def test_a_wrong_value_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(PREFIX + variable, value)
    with pytest.raises(SettingsError, match=PREFIX + told):
        CursorSettings.of(PREFIX)


def test_what_maps_records_is_in_the_fingerprint() -> None:
    plain = SourceSettings()
    changes = [{"columns": {"a": "b"}}, {"key": ("a",)}, {"updated_at": "a"}, {"types": {"a": "integer"}}]
    found = {fingerprint(*SourceSettings(**change).mapping) for change in changes}  # type: ignore[arg-type]
    assert len(found | {fingerprint(*plain.mapping)}) == 5
    secret = SourceSettings(connection="postgresql://me:secret@db/x")
    assert fingerprint(*secret.mapping) == fingerprint(*plain.mapping)


def test_a_comma_in_parentheses_parts_nothing() -> None:
    assert pairs_of("a=f(1,(2,3)),b=c") == {"a": "f(1,(2,3))", "b": "c"}
