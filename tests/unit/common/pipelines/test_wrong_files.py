"""Wrong files, each with what it is told: ``wrong/expected.txt`` has the messages of all of them."""

from pathlib import Path

from common.pipelines.checked import check
from common.pipelines.read import paths

WRONG = Path(__file__).with_name("wrong")


def test_each_wrong_file_is_told_what_is_wrong_where() -> None:
    files = paths(WRONG)
    found = check(files)
    told = [line.replace(f"{WRONG}/", "") for path in files for line in found[path]]
    assert told == (WRONG / "expected.txt").read_text("utf-8").splitlines()


def test_no_wrong_file_passes() -> None:
    right = [path.name for path, problems in check(paths(WRONG)).items() if not problems]
    assert right == ["waits_b_v1.yaml"]  # the circle is told at one of the two
