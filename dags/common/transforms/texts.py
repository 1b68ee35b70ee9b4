"""Texts and addresses that others wrote, made safe to show and equal where they mean the same: DuckDB's SQL.

A part of :mod:`common.transforms.engine`'s place: another engine needs this module again too. Each function
gives an SQL expression over SQL expressions; null stays null, and what comes to nothing is null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html.entities import name2codepoint

from common.utils.quoting import literal

READ = 200_000  # characters of a text that are looked at: a whole page, or a picture pasted into it
URL_LENGTH = 2_000  # beyond this no server and no browser promises to take it

# Of HTML: what is not text at all, what stands between words, what may stand within one.
HIDDEN = "|".join(
    rf"<{name}\b[^>]*>.*?(</{name}\s*>|$)" for name in ("script", "style", "template", "iframe", "noscript")
)
UNSEEN = rf"(?is)<!--.*?(-->|$)|{HIDDEN}"
BETWEEN = (
    "address|article|aside|audio|blockquote|br|caption|center|dd|div|dl|dt|embed|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|header|hr|iframe|img|input|li|main|nav|object|ol|option|p|pre|section|select|source|table"
    "|tbody|td|tfoot|th|thead|tr|ul|video"
)
REST = r"""([\s/](?:[^<>"']|"[^"]*"|'[^']*')*)?>"""
TAG = r"""(?:[^<>"']|"[^"]*"|'[^']*')*>"""
CUT_OFF = r"""(?s)<[A-Za-z/!][A-Za-z0-9]*(\s+[A-Za-z:-]+\s*=[^>]*|[/\s]*)$"""
SHIFTING = (
    r"[\x{00AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}\x{2066}-\x{2069}\x{FEFF}\x{FFFE}\x{FFFF}]"
)
OTHER = (
    r"\p{Cc}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"  # blanks and controls
)
BLANK = f"[ {OTHER}]{{2,}}|[{OTHER}]"  # a single blank is not replaced by itself, which takes long
OPENS = "<([A-Za-z/!?])"  # without this no reader of HTML sees a tag

WINDOWS = bytes(range(128, 160)).decode("cp1252", "replace")  # what HTML takes these numbers for
NAMES = name2codepoint | {"apos": 39}
ENTITIES = f"string_split({literal(' '.join(NAMES))}, ' ')"  # folded once; a map of them binds slowly
LETTERS = f"string_split({literal(' '.join(map(str, NAMES.values())))}, ' ')"

TRACKING = (
    "utm_.*|at_(medium|campaign|custom.*)|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid"
    "|igsh|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|__hssc|__hstc|hsctatracking|oly_anon_id|oly_enc_id|vero_id|wickedid"
    "|ref_src|ref_url|s_cid|_ga|_gl"
)
ADDRESS = (
    r"(?is)^(https?)://(?:[^/?#@\\\s]*@)?([^/?#@:\\\s\[\]]+|\[[0-9a-f:.]+\])(?::(\d*))?"
    r"(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$"
)


def plain_text(text: str) -> str:
    """HTML as one line of plain text: no tags, scripts or comments, and entities decoded.

    What was escaped twice is decoded twice, and tags that come out of it go as well. Whatever it was, the
    result has no ``<`` that a reader of HTML would take for the beginning of a tag.
    """
    made = one_line(f"left({text}, {READ})")
    for _ in range(2):
        made = _decoded(_stripped(made))
    made = one_line(_stripped(made))
    return f"regexp_replace({made}, '{OPENS}', '< \\1', 'g')"


def each(expressions: Sequence[str], made: Callable[[str], str]) -> str:
    """A list of what is made of each text. The engine reads what is made once, and it may be long."""
    return f"list_transform([{', '.join(expressions)}], lambda _text: {made('_text')})"


def one_line(text: str) -> str:
    """The text in one line, without letters that are not seen or that turn its direction."""
    seen = f"regexp_replace({text}, '{SHIFTING}', '', 'g')"
    return f"nullif(trim(regexp_replace({seen}, '{BLANK}', ' ', 'g')), '')"


def cut(text: str, length: int) -> str:
    """At most so many characters; the last is then ``…``."""
    return (
        f"CASE WHEN length({text}) > {length} THEN rtrim(left({text}, {length - 1})) || '…' ELSE {text} END"
    )


def words(text: str) -> str:
    """Letters and digits of a text in small letters, for comparing; the text itself where it has neither."""
    small = f"lower(nfc_normalize({text}))"
    found = rf"trim(regexp_replace({small}, '[^\p{{L}}\p{{M}}\p{{N}}]+', ' ', 'g'))"
    return f"coalesce(nullif({found}, ''), {small})"


def digest(*texts: str) -> str:
    """SHA-256 of texts, each ended by a line feed, in hexadecimal; null counts as empty."""
    ended = " || ".join(f"coalesce({text}, '') || chr(10)" for text in texts)
    return f"sha256({ended})"


def address(url: str) -> str:
    """A web address as it is compared; null for what is none, or longer than ``URL_LENGTH``.

    Scheme and host in small letters; without login, default port, fragment, tracking parameters and slashes
    at the end. The other parameters stay in their order.
    """
    clean = f"replace(trim({url}), '&amp;', '&')"
    parts = f"regexp_extract({clean}, '{ADDRESS}', ['scheme', 'host', 'port', 'path', 'query'])"
    made = f"list_transform([{parts}], lambda _part: {_put_together('_part')})[1]"
    return f"CASE WHEN length({url}) <= {URL_LENGTH} THEN {made} END"


def language(tag: str) -> str:
    """The language of a BCP 47 tag in small letters, ``pt`` of ``pt-BR``; null for what is no such tag."""
    found = f"lower(regexp_extract({tag}, '^([A-Za-z]{{2,3}})([-_][A-Za-z0-9_-]*)?$', 1))"
    return f"CASE WHEN {found} NOT IN ('', 'und', 'mul', 'mis', 'zxx') THEN {found} END"


def first_of(text: str) -> str:
    """The first entry of a JSON list of texts; a text that is no such list as it is."""
    listed = f"{text} LIKE '[%' AND json_valid({text})"
    return f"CASE WHEN {listed} THEN json_extract_string({text}, '$[0]') ELSE {text} END"


def _stripped(text: str) -> str:
    """Without HTML's tags and what they hide."""
    text = f"regexp_replace({text}, '{UNSEEN}', ' ', 'g')"
    text = f"regexp_replace({text}, '(?i)</?({BETWEEN}){_quoted(REST)}', ' ', 'g')"
    text = f"regexp_replace({text}, '<[A-Za-z/!?]{_quoted(TAG)}', '', 'g')"
    return f"regexp_replace({text}, '{_quoted(CUT_OFF)}', '')"


def _decoded(text: str) -> str:
    """With HTML's entities as the letters that they stand for; those of HTML 4 by name, all by number."""
    each = f"CASE WHEN _at = 1 THEN _piece ELSE {_reference('_piece')} END"
    return f"array_to_string(list_transform(string_split({text}, '&'), lambda _piece, _at: {each}), '')"


def _reference(piece: str) -> str:
    """What stands after an ``&``, with the letter that it begins with; else as it was."""
    after = f"substr({piece}, strpos({piece}, ';') + 1)"
    name = f"split_part({piece}, ';', 1)"
    named = f"{LETTERS}[list_position({ENTITIES}, {name})]"
    decimal = f"CAST(substr({name}, 2) AS INTEGER)"
    hexadecimal = f"CAST('0x' || substr({name}, 3) AS INTEGER)"
    return (
        f"CASE WHEN regexp_matches({piece}, '^#[0-9]{{1,7}};') THEN {_letter(decimal)} || {after} "
        f"WHEN regexp_matches({piece}, '^#[xX][0-9A-Fa-f]{{1,6}};') THEN {_letter(hexadecimal)} || {after} "
        f"WHEN regexp_matches({piece}, '^[A-Za-z][A-Za-z0-9]{{1,9}};') "
        f"THEN coalesce(chr(CAST({named} AS INTEGER)) || {after}, '&' || {piece}) ELSE '&' || {piece} END"
    )


def _letter(number: str) -> str:
    """The letter of a number; U+FFFD where there is none."""
    there = f"{number} BETWEEN 1 AND 55295 OR {number} BETWEEN 57344 AND 1114111"
    windows = f"substr({literal(WINDOWS)}, {number} - 127, 1)"
    letter = f"CASE WHEN {there} THEN chr({number}) ELSE chr(65533) END"
    return f"CASE WHEN {number} BETWEEN 128 AND 159 THEN {windows} ELSE {letter} END"


def _put_together(parts: str) -> str:
    """An address from its parts."""
    default = f"(lower({parts}.scheme), {parts}.port) IN (('http', '80'), ('https', '443'))"
    port = f"CASE WHEN {parts}.port = '' OR {default} THEN '' ELSE ':' || {parts}.port END"
    kept = (
        f"array_to_string(list_filter(string_split({parts}.query, '&'), "
        f"lambda _one: _one <> '' AND NOT regexp_matches(_one, '(?i)^({TRACKING})(=|$)')), '&')"
    )
    host = f"rtrim(lower({parts}.host), '.')"
    path = f"rtrim({parts}.path, '/')"
    start = f"lower({parts}.scheme) || '://' || {host} || {port} || {path}"
    return f"CASE WHEN {parts}.scheme <> '' THEN {start} || coalesce('?' || nullif({kept}, ''), '') END"


def _quoted(pattern: str) -> str:
    """A regular expression within SQL's quotes."""
    return pattern.replace("'", "''")
