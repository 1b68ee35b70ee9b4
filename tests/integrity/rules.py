"""The house rules: each is a small function that takes one module and yields what is wrong in it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

LINES_OF_A_DAG, LINES_OF_A_MODULE, LINES_OF_A_FUNCTION = 80, 250, 40
LONG = re.compile(r"# long because \S+")
# Which of our own packages each room may import; its own and no other than these.
DIRECTIONS = {
    "common": {"common"},
    "vlp": {"vlp", "common"},
    "vitrine": {"vitrine", "vlp.connections", "vlp.catalogue", "common"},
    "domain": {"vlp", "common"},
    "plugins": {"dashboards", "common"},
    "include": {"samples", "common"},
}
OWN = {"common", "vlp", "vitrine", "dashboards", "samples", "dags", "plugins", "include"}
PACKAGES = ("common", "vlp", "vitrine")  # below dags; its other folders are domains
CLOCK_AND_WORLD = {"os", "time", "random", "secrets", "uuid", "socket", "pathlib", "tempfile", "subprocess"}
CLOCK_CALLS = {"now", "today", "utcnow", "getenv", "open", "input"}
# Folders of one machine; a container's own home is meant to be the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(?:work|root|tmp|Users|home/(?!airflow\b|vitrine\b)\w+)\b")


@dataclass(frozen=True)
class Module:
    """One Python file.

    Attributes:
        path: Relative to the repository.
    """

    path: PurePosixPath
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def room(self) -> str:
        """``common``, ``vlp``, ``vitrine``, ``domain`` (a folder of DAGs) or the name of the top folder."""
        parts = self.path.parts
        if parts[0] != "dags":
            return parts[0]
        return parts[1] if parts[1] in PACKAGES else "domain"

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every import, also inside functions and by name at run time."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__") and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield node.lineno, name.value


def called(node: ast.Call) -> str:
    """The last part of the name that a call calls: ``now`` of ``datetime.now()``."""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def no_airflow_but_in_the_glue(module: Module) -> Iterator[str]:
    if module.room in ("common", "vitrine"):
        yield from (f"{line}: imports {name}" for line, name in module.imports() if within(name, "airflow"))


def imports_run_one_way(module: Module) -> Iterator[str]:
    """``dags.house`` is a helper in tests/dags; ``dags.common`` would be a second ``common``."""
    domain = module.path.parts[1:2] if module.room == "domain" else ()
    allowed = DIRECTIONS.get(module.room, OWN - {"dags"}).union(domain)
    for line, name in module.imports():
        top, _, rest = name.partition(".")
        helper = module.room == "tests" and top == "dags" and rest.split(".")[0] not in ("", "common", "vlp")
        if top in OWN and not any(within(name, one) for one in allowed) and not helper:
            yield f"{line}: {module.room} imports {name}"


def airflow_only_by_its_sdk(module: Module, allowed: tuple[str, ...] = ()) -> Iterator[str]:
    """``allowed``: packages beside the SDK that this module may import."""
    for line, name in module.imports():
        if within(name, "airflow") and not any(within(name, one) for one in ("airflow.sdk", *allowed)):
            yield f"{line}: imports {name}"


def sizes(module: Module) -> Iterator[str]:
    lines = module.source.splitlines()
    if module.room == "domain" and len(lines) > LINES_OF_A_DAG:
        yield f"1: a DAG file of {len(lines)} lines"
    if len(lines) > LINES_OF_A_MODULE and not any(LONG.match(line) for line in lines):
        yield f"1: {len(lines)} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = lines[node.lineno - 1 : node.end_lineno]
            if len(own) > LINES_OF_A_FUNCTION and not any(LONG.search(line) for line in own):
                yield f"{node.lineno}: {node.name} has {len(own)} lines"


def nothing_swallowed(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        idle = all(isinstance(step, ast.Pass | ast.Continue) or is_ellipsis(step) for step in node.body)
        if node.type is None or (broad and idle):
            yield f"{node.lineno}: swallows every error"


def is_ellipsis(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant) and step.value.value is ...


def no_print_in_common(module: Module) -> Iterator[str]:
    if module.room == "common":
        yield from (f"{node.lineno}: prints" for node in calls(module) if called(node) == "print")


def calls(module: Module) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def no_naive_times(module: Module) -> Iterator[str]:
    for node in calls(module):
        if not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value).split(".")[-1]
        named = owner in ("datetime", "date")
        if named and (node.func.attr in ("utcnow", "today", "utcfromtimestamp") or is_bare_now(node)):
            yield f"{node.lineno}: {ast.unparse(node)} has no zone"


def is_bare_now(node: ast.Call) -> bool:
    return called(node) == "now" and not node.args and not node.keywords


def transforms_read_no_world(module: Module) -> Iterator[str]:
    """No clock, randomness, environment, file, network or global: those are arguments."""
    if "transforms" not in module.path.parts or module.room != "common":
        return
    for line, name in module.imports():
        if name.split(".")[0] in CLOCK_AND_WORLD or within(name, "common.utils.settings"):
            yield f"{line}: imports {name}"
    yield from (
        f"{node.lineno}: calls {called(node)}" for node in calls(module) if called(node) in CLOCK_CALLS
    )
    yield from (
        f"{node.lineno}: has a global" for node in ast.walk(module.tree) if isinstance(node, ast.Global)
    )


def no_machine_paths(text: str) -> Iterator[str]:
    """For files of any kind."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield f"{number}: names {found.group()}"


def mirrors(path: PurePosixPath) -> tuple[str, ...]:
    """Where the test of a module may stand; empty where it needs none."""
    if path.name == "__init__.py":
        return ()
    inner = path.relative_to("dags")
    if inner.parts[0] == "vitrine":
        return (f"tests/{inner.parent}/test_{inner.name}",)
    places = [f"tests/unit/{inner.parent}/test_{inner.name}"]
    if inner.parts[0] == "vlp":
        places.append(f"tests/dags/test_{inner.name}")
    return tuple(places)
