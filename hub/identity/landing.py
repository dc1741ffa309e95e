"""Where one lands after signing in: on the page that was asked for, if it is one of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

#: A longer address is not carried through a sign-in: it would not fit into the cookie.
CHARACTERS = 300


def local(address: str) -> str:
    """The address if it is a page of this hub, else the homepage: nobody is led away by a link to the sign-in."""
    # Browsers take a backslash for a slash, and drop tabs and line ends.
    plain = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    fits = plain and len(address) <= CHARACTERS
    return address if fits and not (parts.scheme or parts.netloc) else "/"
