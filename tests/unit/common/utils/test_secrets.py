"""Credentials in texts that people see."""

from __future__ import annotations

import pytest

from common.utils.secrets import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysql://admin:s3cr3t@db/x refused", "mysql://***@db/x refused"),
        ("PASSWORD = s3cr3t", "PASSWORD = ***"),
        ("aws_secret_access_key='s3cr3t'", "aws_secret_access_key='***'"),
        ("Bearer s3cr3ts3cr3t", "Bearer ***"),
        ("no column password_hash in users", "no column password_hash in users"),
        ("https://example.org/a@b", "https://example.org/a@b"),
    ],
)
def test_a_credential_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text, 500) == shown


def test_a_credential_where_the_text_is_cut_is_masked() -> None:
    found = masked("x" * 40 + " password=" + "s3cr3t" * 50, 60)
    assert "s3cr3t" not in found


def test_a_text_is_cut_off() -> None:
    assert masked("x" * 100, 10) == "x" * 9 + "…"
    assert masked("x" * 10, 10) == "x" * 10
