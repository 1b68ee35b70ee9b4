"""Texts of others made plain, and addresses made comparable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.transforms import texts


def value(sql: Callable[[str], str], text: str | None) -> Any:
    connection = duckdb.connect()
    ((found,),) = connection.execute(
        f"SELECT {sql('text')} FROM (SELECT CAST(? AS VARCHAR) AS text)", [text]
    ).fetchall()
    return found


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<p>One</p><p>un<b>believ</b>able<br/>two</p>", "One unbelievable two"),
        ("AT&T &amp; &eacute;&nbsp;&#8364;&#x1F600;", "AT&T & é €😀"),
        ("&#146;tis &bogus; &#0; &#xD800; &#9999999;", "\u2019tis &bogus; \ufffd \ufffd \ufffd"),
        ("a<script>alert('x')</script>b<style>p{}</style>", "a b"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;after", "after"),
        ("&amp;lt;b&amp;gt;twice", "twice"),
        ("<svg><title>foo</title><script>x</script></svg>", "foo"),
        ("<!-- not seen --><a title='a > b'>link</a>", "link"),
        ("cut off <a href='http://x", "cut off"),
        ("<script>never closed", None),
        ("1 < 2 and I <3 you", "1 < 2 and I <3 you"),
        ("<scr\u200bipt>x</scr\u200bipt>", None),
        ("<&#8203;script>x", "< script>x"),
        ("a\x00b\tc\u00a0 d\n", "a b c d"),
        ("<img src=x onerror=alert(1)>", None),
        ("", None),
        (None, None),
    ],
)
def test_html_becomes_one_line_of_plain_text(written: str | None, plain: str | None) -> None:
    assert value(texts.plain_text, written) == plain


@settings(deadline=None, max_examples=50)
@given(st.text(st.sampled_from("<>/!?&;#xlt gamp script\u200b\"'=60"), max_size=60))
def test_nothing_that_opens_a_tag_survives(written: str) -> None:
    found = value(texts.plain_text, written) or ""
    assert not any(found[at] == "<" and found[at + 1 : at + 2].isalpha() for at in range(len(found)))
    assert not any(mark in found for mark in ("</", "<!", "<?"))


@pytest.mark.parametrize(
    ("given_url", "address"),
    [
        ("HTTPS://News.Example:443/A/b/?utm_source=x&id=7&fbclid=1#top", "https://news.example/A/b?id=7"),
        ("http://login:password@a.example:80", "http://a.example"),
        ("http://a.example./?UTM_Medium=1", "http://a.example"),
        ("https://a.example:8443/x//", "https://a.example:8443/x"),
        ("https://a.example/?b=2&amp;gclid=1&amp;a=1", "https://a.example?b=2&a=1"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("https://a.example/?q=why?", "https://a.example?q=why?"),
        ("https://a.example/" + "x" * 2000, None),
        ("javascript:alert(1)", None),
        ("http://a.example\\@b.example/", None),
        ("/relative", None),
        ("ftp://a.example/x", None),
        (None, None),
    ],
)
def test_an_address_is_as_it_is_compared(given_url: str | None, address: str | None) -> None:
    assert value(texts.address, given_url) == address


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en-GB", "en"), ("PT_br", "pt"), ("deu", "deu"), ("und", None), ("English", None), ("x-a", None)],
)
def test_a_language_is_the_primary_tag(tag: str, language: str | None) -> None:
    assert value(texts.language, tag) == language


@pytest.mark.parametrize(
    ("text", "first"),
    [('["a", "b"]', "a"), ("[a", "[a"), ("a", "a"), ("[]", None), ("[1, 2]", "1"), (None, None)],
)
def test_the_first_of_a_json_list(text: str | None, first: str | None) -> None:
    assert value(texts.first_of, text) == first


@pytest.mark.parametrize(
    ("text", "words"),
    [("Hello,  World!", "hello world"), ("E\u0301tude", "étude"), ("!!!", "!!!"), (None, None)],
)
def test_words_are_what_is_compared(text: str | None, words: str | None) -> None:
    assert value(texts.words, text) == words


def test_a_long_text_is_cut_and_says_so() -> None:
    assert value(lambda text: texts.cut(text, 5), "12345") == "12345"
    assert value(lambda text: texts.cut(text, 5), "123456") == "1234…"


def test_a_digest_tells_where_a_text_ends() -> None:
    apart = value(lambda text: texts.digest(text, "'b'"), "a")
    assert apart != value(lambda text: texts.digest(text, "''"), "ab")
    assert value(texts.digest, None) == value(texts.digest, "")
