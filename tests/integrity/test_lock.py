"""The locks: every requirement has its reason, every package one version and its hashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).resolve().parents[2]
PAIRS = {
    "env/requirements.in": "requirements.txt",
    "env/requirements-dev.in": "env/requirements-dev.txt",
    "env/bootstrap.in": "env/bootstrap.txt",
}
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[\w,.-]+\])?==([^\s;]+)(?:\s*;\s*(.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")


def requirements(text: str) -> Iterator[tuple[Requirement, str]]:
    """Each requirement of an ``.in`` file with its reason."""
    for line in text.splitlines():
        wanted, _, reason = line.partition("#")
        if wanted.strip() and not wanted.startswith("-"):
            yield Requirement(wanted.strip()), reason.strip()


@dataclass
class Pin:
    """One package of a lock; ``marker`` says on which Pythons and platforms it is meant."""

    name: str
    version: Version
    marker: Marker | None
    hashes: int = 0


def locked(text: str) -> list[Pin]:
    """The pins of a lock.

    Raises:
        ValueError: Naming the line that is neither a pin nor a hash.
    """
    pins: list[Pin] = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.removesuffix("\\").strip()
        if not entry or entry.startswith("#"):
            continue
        if line.startswith(" ") and HASH.match(entry) and pins:
            pins[-1].hashes += 1
        elif found := PIN.fullmatch(entry):
            name, version, marker = found.groups()
            pins.append(Pin(canonicalize_name(name), Version(version), Marker(marker) if marker else None))
        else:
            raise ValueError(f"line {number} is neither a pin nor a hash: {line}")
    return pins


def lock(name: str) -> list[Pin]:
    return locked((REPOSITORY / name).read_text("utf-8"))


@pytest.mark.parametrize("source", PAIRS)
def test_every_requirement_has_its_reason(source: str) -> None:
    listed = list(requirements((REPOSITORY / source).read_text("utf-8")))
    assert listed
    assert [str(wanted) for wanted, reason in listed if len(reason) < 10] == []


@pytest.mark.parametrize(("source", "target"), PAIRS.items())
def test_the_lock_fits_what_is_asked_for(source: str, target: str) -> None:
    pins = lock(target) + lock("requirements.txt")
    for wanted, _ in requirements((REPOSITORY / source).read_text("utf-8")):
        found = [pin for pin in pins if pin.name == canonicalize_name(wanted.name)]
        assert found, f"{wanted} is not in {target}"
        assert [
            pin.version for pin in found if not wanted.specifier.contains(pin.version, prereleases=True)
        ] == []


@pytest.mark.parametrize("target", PAIRS.values())
def test_every_package_has_a_hash(target: str) -> None:
    pins = lock(target)
    assert pins
    assert [pin.name for pin in pins if not pin.hashes] == []


def test_the_locks_agree_with_one_another() -> None:
    main, dev = ({(pin.name, pin.version) for pin in lock(target)} for target in list(PAIRS.values())[:2])
    shared = {name for name, _ in main} & {name for name, _ in dev}
    assert {pin for pin in dev if pin[0] in shared} <= main


def test_this_environment_is_the_lock() -> None:
    installed = {canonicalize_name(found.name): Version(found.version) for found in metadata.distributions()}
    meant = [pin for pin in lock("requirements.txt") if pin.marker is None or pin.marker.evaluate()]
    assert [
        f"{pin.name}: locked {pin.version}, installed {installed.get(pin.name)}"
        for pin in meant
        if installed.get(pin.name) != pin.version
    ] == []


def test_mysqlclient_needs_a_compiler_and_is_installed_nowhere() -> None:
    pins = [pin for target in PAIRS.values() for pin in lock(target) if pin.name == "mysqlclient"]
    assert all(str(pin.marker) == 'sys_platform == "never"' for pin in pins)


def test_a_bad_lock_is_seen() -> None:
    text = "A_b==1 ; python_version >= '3' \\\n    --hash=sha256:" + "0" * 64
    assert [(pin.name, pin.hashes) for pin in locked(text)] == [("a-b", 1)]
    assert locked("a==1")[0].hashes == 0
    for bad in (
        "a>=1",
        "a==1\n    --hash=md5:0",
        "--index-url https://example.org",
        "git+https://example.org/a",
    ):
        with pytest.raises(ValueError, match="neither a pin nor a hash"):
            locked(bad)
    assert [reason for _, reason in requirements("# head\n-c other.txt\na>=1\n")] == [""]
