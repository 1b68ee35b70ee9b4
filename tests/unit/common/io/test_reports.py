import errno
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from common.io import reports
from common.io.collections.protocol import Staged
from common.io.reports import RunRecord, Validation, folder, newest, read, record, write_validation
from common.utils.expectations import RuleResult
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.references import Run, TableRef, Transformed
from unit.common.contract_kit import contract

NAME = "sales/product_revenue"
RUN_ID = "scheduled__2026-01-01T00:00:00+00:00"
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
LEDGER = Ledger(
    read=1000,
    written=900,
    filtered={"outside_window": 40},
    rejected={"date_missing": 20, "quantity_not_whole": 40, "never": 0},
    silver={"revenue": Decimal("1234567.8900")},
    gold={"revenue": Decimal("1234567.8900")},
)
EVIL = "<script>alert('x')</script>&\"quoted\""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def validation(*results: RuleResult, run: Run | None = None, watermark: str | None = None) -> Validation:
    transformed = Transformed(
        run=run or Run(RUN_ID, WINDOW),
        window=WINDOW,
        source="abc",
        source_name="CSV files at /data",
        gold=TableRef("/lake/gold", 1, 3),
        ledger=LEDGER,
        watermark=watermark,
        partitions=("2026-01-01",),
    )
    judged_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Validation(contract(), transformed, 3, results, "/lake/dead_letters", judged_at)


def result(name: str, *, passed: bool = True, on_failure: str = "fail", **more: object) -> RuleResult:
    return RuleResult(name, "expect_it", on_failure, passed, "observed it", **more)  # type: ignore[arg-type]


class Page(HTMLParser):
    """The words of a page, and what it would load."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_a_record_grows_as_the_run_goes_on(settings: Settings) -> None:
    started = record(settings, NAME, RUN_ID)
    assert (started.state, started.ended, started.collection) == ("running", None, NAME)
    staged = Staged("a1", 0, 5, 0, 0, 0, 5, 0, ("2026-01-01",))
    record(settings, NAME, RUN_ID, window=WINDOW, source_name="CSV files", ledger=LEDGER)
    done = record(settings, NAME, RUN_ID, staged=staged, state="published", version=3)
    assert done.started == started.started
    assert done.ended is not None
    assert read(settings, NAME, RUN_ID) == done
    assert (done.window, done.ledger, done.staged, done.version) == (WINDOW, LEDGER, staged, 3)


def test_a_run_that_is_tried_again_is_running_again(settings: Settings) -> None:
    record(settings, NAME, RUN_ID, state="failed", error="It broke.")
    again = record(settings, NAME, RUN_ID, state="running", error="")
    assert (again.state, again.ended, again.error) == ("running", None, "")


def test_each_step_ends_when_it_has_told_what_is_its_own(settings: Settings) -> None:
    after_transform = record(settings, NAME, RUN_ID, ledger=LEDGER)
    assert list(after_transform.steps) == ["transform"]
    after_validate = record(settings, NAME, RUN_ID, ledger=LEDGER, report="index.html")
    assert list(after_validate.steps) == ["transform", "validate"]
    assert after_validate.steps["transform"] == after_transform.steps["transform"]


def test_a_misspelt_field_is_an_error_and_changes_nothing(settings: Settings) -> None:
    before = record(settings, NAME, RUN_ID)
    with pytest.raises(TypeError, match="sate"):
        record(settings, NAME, RUN_ID, sate="failed")
    assert read(settings, NAME, RUN_ID) == before


def test_a_run_without_a_record_has_none(settings: Settings) -> None:
    assert read(settings, NAME, RUN_ID) is None
    assert newest(settings) == []


def test_the_newest_come_first(settings: Settings) -> None:
    for run_id in ("one", "two", "three"):
        record(settings, NAME, run_id)
    record(settings, "learning/engagement", "other")
    assert [one.run_id for one in newest(settings)] == ["other", "three", "two", "one"]
    assert [one.run_id for one in newest(settings, NAME, limit=2)] == ["three", "two"]


@pytest.mark.parametrize("run_id", ["a/../../b", "..", ".hidden", "x" * 250, "a b:c+d", "ä"])
def test_any_run_id_stays_in_the_folder_of_its_collection(settings: Settings, run_id: str) -> None:
    record(settings, NAME, run_id)
    place = folder(settings, NAME, run_id)
    assert place.resolve().parent == (settings.reports / NAME).resolve()
    assert not place.name.startswith(".")
    assert [one.run_id for one in newest(settings)] == [run_id]


def test_run_ids_that_look_alike_have_folders_of_their_own(settings: Settings) -> None:
    ids = ["a:b", "a+b", "a-b", "x" * 200, "x" * 201]
    assert len({folder(settings, NAME, run_id) for run_id in ids}) == len(ids)
    assert folder(settings, NAME, "plain-id").name == "plain-id"


def test_a_write_that_is_cut_off_leaves_the_old_record(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = record(settings, NAME, RUN_ID)

    def cut(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(KeyboardInterrupt):
        record(settings, NAME, RUN_ID, state="failed")
    assert read(settings, NAME, RUN_ID) == before
    assert newest(settings) == [before]


def test_a_reader_of_the_old_record_is_not_disturbed(settings: Settings) -> None:
    record(settings, NAME, RUN_ID)
    path = folder(settings, NAME, RUN_ID) / "run.json"
    with path.open("rb") as old:
        before = path.read_bytes()
        record(settings, NAME, RUN_ID, state="failed")
        assert old.read() == before
    assert [one.name for one in path.parent.iterdir()] == ["run.json"]


def test_others_may_read_the_files(settings: Settings) -> None:
    record(settings, NAME, RUN_ID)
    assert (folder(settings, NAME, RUN_ID) / "run.json").stat().st_mode & 0o777 == 0o644


def test_a_record_is_json_with_exact_totals(settings: Settings) -> None:
    record(settings, NAME, RUN_ID, ledger=LEDGER)
    plain = json.loads((folder(settings, NAME, RUN_ID) / "run.json").read_text("utf-8"))
    assert plain["ledger"]["gold"] == {"revenue": "1234567.8900"}
    assert RunRecord(**{**plain, "started": None}).run_id == RUN_ID


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([result("a")], "passed"),
        ([result("a"), result("b", passed=False, on_failure="continue")], "passed"),
        ([result("a", passed=False, on_failure="warn"), result("b")], "warned"),
        ([result("a", passed=False, on_failure="warn"), result("b", passed=False)], "failed"),
    ],
)
def test_the_verdict_is_the_worst_that_counts(results: list[RuleResult], verdict: str) -> None:
    assert validation(*results).verdict == verdict


def test_the_report_is_json_too(settings: Settings) -> None:
    page = write_validation(settings, validation(result("a", passed=False, examples=("id 1",))))
    plain = json.loads(page.with_name("validation.json").read_text("utf-8"))
    assert (plain["collection"], plain["verdict"], plain["rows"]) == (NAME, "failed", 3)
    assert plain["run"]["id"] == RUN_ID
    assert plain["ledger"]["silver"] == {"revenue": "1234567.8900"}
    (rule,) = plain["rules"]
    assert (rule["name"], rule["status"], rule["examples"]) == ("a", "failed", ["id 1"])


def test_the_page_tells_everything_the_worst_first(settings: Settings) -> None:
    results = (
        result("rule_fine"),
        result("rule_noted", passed=False, on_failure="continue"),
        result(
            "rule_warned", passed=False, on_failure="warn", examples=("id 7",), description="Why it matters."
        ),
        result("rule_failed", passed=False),
    )
    told = Page(write_validation(settings, validation(*results, watermark="2026-01-01T21:14:05+00:00"))).text
    for words in (
        f"{NAME} 1 required rule is broken. Nothing was published",
        "1 of 4 rules passed on 3 rows",
        f"Run {RUN_ID}",
        "2026-01-01 00:00:00 UTC – 2026-01-02 00:00:00 UTC",  # noqa: RUF001
        "Data as of 2026-01-01 21:14:05 UTC",
        "CSV files at /data",
        "version 1.0.0, owned by sales-data",
        "Why it matters.",
        "id 7",
        "filtered: outside_window 40 4.00%",
        "rejected 60 6.00%",
        "revenue 1,234,567.8900 1,234,567.8900 ✓ equal",
        "quantity_not_whole 40 date_missing 20 Kept whole with file and line in /lake/dead_letters",
    ):
        assert words in told
    places = [told.index(name) for name in ("rule_failed", "rule_warned", "rule_noted", "rule_fine")]
    assert places == sorted(places)
    assert "never" not in told


def test_the_page_says_what_differs_and_what_is_not_there(settings: Settings) -> None:
    made = validation(result("a"), run=Run(RUN_ID, WINDOW, dry_run=True))
    ledger = Ledger(silver={"units": Decimal(5)}, gold={})
    bare = replace(
        made, transformed=replace(made.transformed, ledger=ledger, window=Window(None, WINDOW.end))
    )
    told = Page(write_validation(settings, bare)).text
    for words in (
        "dry run",
        "No required rule is broken.",
        "the beginning –",  # noqa: RUF001
        "no data yet",
        "units 5 missing ✕ differ",
    ):
        assert words in told
    assert "Dead letters" not in told


def test_everything_on_the_page_is_escaped_and_nothing_is_loaded(settings: Settings) -> None:
    evil = RuleResult(EVIL, EVIL, "fail", False, EVIL, examples=(EVIL,), description=EVIL)
    made = validation(evil, run=Run(EVIL, WINDOW))
    made = replace(made, transformed=replace(made.transformed, source_name=EVIL), dead_letters=EVIL)
    page = Page(write_validation(settings, made))
    assert "script" not in page.tags
    assert page.text.count(EVIL) >= 6
    assert page.loads == []
    assert "url(" not in reports.TEMPLATE.read_text("utf-8")


def test_a_full_disk_leaves_no_half_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    reports.record(settings, "a/b", "run")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        reports.record(settings, "a/b", "run", state="failed")
    assert [path.name for path in reports.folder(settings, "a/b", "run").iterdir()] == ["run.json"]


def test_a_target_has_a_record_of_its_own_that_no_other_task_writes(settings: Settings) -> None:
    reports.record(settings, "a/b", "run", state="published")
    reports.record(settings, "a/b", "run", "archive", state="failed", error="away")
    reports.record(settings, "a/b", "run", state="running")
    archive = reports.read(settings, "a/b", "run", "archive")
    assert archive is not None
    assert (archive.state, archive.error) == ("failed", "away")
    assert [one.state for one in reports.newest(settings)] == ["running"]
    assert reports.read(settings, "a/b", "run", "other") is None
