"""Every file of the corpora of messy CSV and JSON becomes rows, named dead letters or a clear refusal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from realdata.corpora import SUITES, Outcome, outcomes, report


@pytest.fixture(scope="module")
def found(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return list(outcomes(realdata, tmp_path_factory.mktemp("corpora")))


def test_no_line_of_any_file_is_lost(found: list[Outcome]) -> None:
    assert {(one.suite, one.name): one.lost for one in found if one.lost} == {}


def test_most_files_are_compared_with_pythons_own_readers(found: list[Outcome]) -> None:
    compared = Counter(one.suite for one in found if one.checked.startswith("by Python"))
    assert compared["DuckDB CSV"] > 380
    assert compared["csv-spectrum"] == 11
    assert compared["Openverse"] > 60


def test_csv_spectrum_is_its_json_truth(realdata: Path, found: list[Outcome]) -> None:
    ours = {Path(one.name).stem: one for one in found if one.suite == "csv-spectrum"}
    truths = sorted((realdata / "messy_csv" / "csv-spectrum" / "json").glob("*.json"))
    assert len(truths) == len(ours) == 11
    for path in truths:
        truth = json.loads(path.read_text().replace("\\r\\n", "\\n"))  # the copies have LF throughout
        one = ours[path.stem]
        assert [{name: value or "" for name, value in row.items()} for _, row in one.rows] == truth, path.stem
        assert not one.bad


def test_workbooks_and_pages_are_refused_by_what_they_are(found: list[Outcome]) -> None:
    refused = {one.name: one.refusal for one in found if one.suite == "messytables horror"}
    for name, why in refused.items():
        if name.endswith((".xls", ".xlsx", ".xlsm", ".ods")):
            assert "workbook" in why, name
    assert refused["html.html"] == "html.html cannot be read: it is HTML or XML."
    assert refused["utf-16le_encoded.csv"] == ""


def test_a_refusal_says_why(found: list[Outcome]) -> None:
    refused = [one for one in found if one.refusal]
    assert len(refused) < 95
    for one in refused:
        assert one.refusal.startswith((Path(one.name).name, f"The header of {Path(one.name).name}")), one.name


def test_the_report_has_all_suites_and_nothing_of_the_machine(found: list[Outcome], realdata: Path) -> None:
    text = report(found)
    assert all(f"| {suite} |" in text for suite in SUITES)
    assert str(realdata) not in text
