"""The texts of the files of a new pipeline, from the templates beside this module."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jinja2
import yaml

from common.pipelines import contract
from common.pipelines.checked import SOME_TIME
from common.pipelines.expressions.types import DATE, Type
from common.pipelines.planner import plan
from common.pipelines.read import read
from common.pipelines.steps import DAY
from vitrine.new.drafts import Column, Draft, Measure

OWNER = "data-team"
LINE = 110
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_.,()/-]+)*")
WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
LONG = 250
"""Lines of a module, beyond which it says why."""

PARSERS = {
    "integer": "engine.whole_number",
    "number": "engine.number",
    "boolean": "engine.boolean",
    "timestamp": "engine.timestamp",
}
ARROW = {
    "string": "pa.string()",
    "integer": "pa.int64()",
    "number": "pa.float64()",
    "boolean": "pa.bool_()",
    "date": "pa.date32()",
    "timestamp": 'pa.timestamp("us", tz="UTC")',
}
EXAMPLES = {  # a text, and the value that comes of it
    "string": ("a", '"a"'),
    "integer": ("7", "7"),
    "number": ("0.5", "0.5"),
    "boolean": ("yes", "True"),
    "date": ("2026-01-31", "date(2026, 1, 31)"),
    "timestamp": ("2026-01-31T10:00:00Z", "datetime(2026, 1, 31, 10, tzinfo=UTC)"),
    "decimal": ("1.5", 'Decimal("1.5")'),
}


def pipeline(draft: Draft) -> str:
    """The pipeline in YAML."""
    looked = f"the types are those of {draft.rows:,} records; what does not fit is a dead letter"
    seen = looked if draft.rows else "what does not fit is a dead letter"
    return _rendered("pipeline.yaml.jinja", d=draft, owner=OWNER, seen=seen)


def contract_of(draft: Draft) -> str:
    """The contract, as it would be derived from the pipeline in YAML.

    Raises:
        PipelineError: The pipeline is wrong.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, draft.domain, f"{draft.subject}_v1.yaml")
        path.parent.mkdir()
        path.write_text(pipeline(replace(draft, path=draft.path or "data")), encoding="utf-8")
        found = read(path)
        planned = plan(found, SOME_TIME)
        found.file.demand_right()
        assert planned is not None  # noqa: S101 (for the types: else the line before has raised)
        document = contract.document(found, planned)
    head = (
        f"# What the collection {draft.domain}/{draft.subject} promises. The table, the Arrow schema, the "
        "validation suite and\n# the API's model come from this file. Check it with: datacontract lint\n"
    )
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=LINE)


def dag(draft: Draft) -> str:
    """The DAG file."""
    variables = f"VITRINE_{draft.domain}_{draft.subject}_".upper()
    what = draft.description[0].lower() + draft.description[1:]
    return _rendered("dag.py.jinja", d=draft, owner=OWNER, variables=variables, what=what)


def transform(draft: Draft) -> str:
    """The module of transforms."""
    types = {DAY: DATE} | {column.name: column.type for column in draft.columns}
    gold = [*((name, types[name]) for name in draft.by), *((one.name, one.type) for one in draft.measures)]
    given: dict[str, Any] = {
        "d": draft,
        "gold": gold,
        "required": [column.name for column in draft.columns if column.required],
        "parsed": [column for column in draft.columns if column.is_parsed],
        "renamed": [column for column in draft.columns if column.name != column.theirs],
    }
    text = _rendered("transform.py.jinja", long=False, **given)
    return text if text.count("\n") <= LONG else _rendered("transform.py.jinja", long=True, **given)


def test(draft: Draft) -> str:
    """The test of the transforms."""
    kinds = {column.type.name for column in draft.columns}
    return _rendered(
        "test_transform.py.jinja",
        d=draft,
        parsed=any(column.is_parsed for column in draft.columns),
        has_date="date" in kinds,
        has_decimal="decimal" in kinds,
    )


def page(draft: Draft) -> str:
    """The page of documentation."""
    return _rendered("page.md.jinja", d=draft)


def _rendered(template: str, **given: Any) -> str:
    environment = jinja2.Environment(  # noqa: S701 (the texts are Python and YAML, and each value is quoted)
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "yaml": _yaml,
        "field": _field,
        "py": _python,
        "arrow": _arrow,
        "sql": _sql,
        "nw": _narwhals,
        "example_text": lambda kind: EXAMPLES[kind.name][0],
        "example_value": lambda kind: EXAMPLES[kind.name][1],
        "cell": lambda text: " ".join(text.split()).replace("|", "\\|"),
    }
    return environment.get_template(template).render(**given)


def _yaml(text: str) -> str:
    """A text as a scalar of YAML on one line."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**6)
    return str(quoted).rstrip("\n")


def _field(column: Column) -> str:
    """What a pipeline says of a column."""
    said = {}
    if column.theirs != column.name:
        said["from"] = _yaml(column.theirs)
    if column.required:
        said["required"] = "true"
    if not said:
        return str(column.type)
    kind = f'"{column.type}"' if column.type.name == "decimal" else str(column.type)
    return f"{{{', '.join(f'{name}: {value}' for name, value in {'type': kind, **said}.items())}}}"


def _python(text: str, before: int) -> str:
    """A text as a literal of Python with a comma after it, as the formatter writes it.

    Args:
        text: In any letters.
        before: Letters that stand before it in its line.
    """
    plain = "".join(one if one == "'" or _is_clear(one) else ascii(one)[1:-1] for one in text)
    if '"' in text and text.count('"') > text.count("'"):
        literal = "'" + plain.replace("'", "\\'") + "'"
    else:
        literal = '"' + plain.replace('"', '\\"') + '"'
    return f"{literal},{'  # noqa: E501 (as the source has it)' if before + len(literal) + 1 > LINE else ''}"


def _is_clear(letter: str) -> bool:
    """Whether a letter beyond ASCII is not taken for another one."""
    return letter.isalpha() and ord(letter) < 0x250


def _arrow(kind: Type) -> str:
    """A type in Arrow."""
    return ARROW.get(kind.name, f"pa.decimal128({kind.precision}, {kind.scale})")


def _sql(column: Column) -> str:
    """What types the text of a column."""
    if column.type.name == "decimal":
        return f'engine.exact_number("{column.name}", {column.type.precision}, {column.type.scale})'
    if column.type.name == "date":
        return f"f\"CAST({{engine.timestamp('{column.name}')}} AS DATE)\""
    return f'{PARSERS[column.type.name]}("{column.name}")'


def _narwhals(measure: Measure) -> str:
    """What is summed up."""
    product = " * ".join(f'nw.col("{name}")' for name in measure.of)
    if not product:
        return "nw.len()"
    return f"({product}).sum()" if len(measure.of) > 1 else f"{product}.sum()"
