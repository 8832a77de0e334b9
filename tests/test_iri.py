"""Addresses of the web and of mail, by their syntax."""

from __future__ import annotations

import pytest

from generator.iri import as_uri, is_iri, is_mail


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org/a?b=c#d", True),
        ("https://example.org/수학/집합", True),
        ("https://example.org/%EC%88%98?a[]=1", True),
        ("tag:example.org,2020:a-post", True),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", True),
        ("HTTP://EXAMPLE.ORG", True),
        ("example.org/a", False),
        ("/2020/a", False),
        ("https:///a", False),
        ("https://", False),
        ("https://example.org/a b", False),
        ("https://example.org/100%", False),
        ("https://example.org/<a>", False),
        ("tag:\x07", False),
        ("", False),
    ],
)
def test_a_whole_address(text: str, is_one: bool) -> None:
    """It has a scheme, and no character that RFC 3987 does not admit."""
    assert is_iri(text) == is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("kim@example.org", True),
        ("kim+feed@sub.example.org", True),
        ("김@한글.example", True),
        ("kim", False),
        ("kim at example.org", False),
        ("Kim <kim@example.org>", False),
        ("kim@example.org, lee@example.org", False),
        ("a@b@c", False),
    ],
)
def test_an_address_of_mail(text: str, is_one: bool) -> None:
    """One, with nothing around it."""
    assert is_mail(text) == is_one


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.example/a b?c=[d]#집", "https://a.example/a%20b?c=%5Bd%5D#%EC%A7%91"),
        ("https://한글.example/", "https://xn--bj0bj06e.example/"),
        ("https://a.example/%ED%95%A9?a=1&b=(2)#c", "https://a.example/%ED%95%A9?a=1&b=(2)#c"),
        ("tel:+82 2", "tel:+82%202"),
        ("#a", "#a"),
    ],
)
def test_an_address_as_rfc_3986_has_it(written: str, address: str) -> None:
    """With no character but those that an address may have."""
    assert as_uri(written) == address
