"""Lists of feeds, as programs write them and as they should be."""

import pytest

from common.io.sources.feeds.lists import NoList, urls_of


def test_opml_that_is_well_formed() -> None:
    text = (
        '<?xml version="1.0"?><opml version="2.0"><body><outline text="a"><outline type="rss" '
        "xmlUrl='https://a.example/?x=1&amp;y=%22&#38;z=2'/></outline>"
        '<!-- <outline xmlUrl="https://no.example"/> -->'
        '<outline xmlURL = "https://b.example"/><outline xmlUrl="https://b.example"/>'
        '<outline xmlUrl=""/></body></opml>'
    )
    expected = ["https://a.example/?x=1&y=%22&z=2", "https://b.example"]
    assert urls_of(text.encode()) == expected
    assert urls_of(text.encode("utf-16")) == expected


def test_opml_that_is_not_well_formed() -> None:
    text = '<opml><outline text="The "Daily" & more" xmlUrl="https://a.example/?a=1&copy=2&lang=en" />'
    assert urls_of(text.encode()) == ["https://a.example/?a=1&copy=2&lang=en"]


def test_entities_stay_what_they_are() -> None:
    text = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><outline xmlUrl="https://a.example/&x;"/>'
    assert urls_of(text.encode()) == ["https://a.example/&x;"]


def test_one_url_a_line() -> None:
    assert urls_of(b"\xef\xbb\xbfhttps://a.example\r\n\r\n# no\n https://b.example ") == [
        "https://a.example",
        "https://b.example",
    ]


def test_a_page_is_no_list() -> None:
    with pytest.raises(NoList):
        urls_of(b"<html></html>")
