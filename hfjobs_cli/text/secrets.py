"""Mask values that look like secrets by their names."""

import re
from collections.abc import Iterable

MASK = "***"

_NAME = re.compile(
    r"(?:^|[^a-z])(?:token|secret|password|passwd|passphrase|credentials?|(?:api|access|private|auth|secret)[-_]?key)"
    r"(?:$|[^a-z])",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
_QUERY_VALUE = re.compile(r"(?P<name>[^&=]*)=[^&]*")
_SIGNED = re.compile(r"(?:^|-)(?:sig|signature|key|auth|jwt)$", re.IGNORECASE)
"""What signs an address, so that whoever has it may read what is there: `X-Amz-Signature`, `sig`."""

_NAMED = re.compile(r"(-{0,2}[\w-]+)(=?)(.*)", re.DOTALL)
"""A word that may be an option, or give one, or a variable, its value."""


def looks_secret(name: str) -> bool:
    """Return whether something of such a name is likely to be a secret: `WANDB_API_KEY`, `--hf-token`."""
    return bool(_NAME.search(name))


def masked(text: str) -> str:
    """Return a text without the tokens of the Hub in it."""
    return _TOKEN.sub(MASK, text)


def masked_value(name: str, value: str) -> str:
    """Return the value of a variable, or a mask if it looks like a secret."""
    return MASK if looks_secret(name) and value else masked(value)


def masked_words(words: Iterable[str]) -> list[str]:
    """Return the words of a command without what looks like a secret: `--token ***`, `API_KEY=***`."""
    found: list[str] = []
    is_next = False
    for word in words:
        named = _NAMED.fullmatch(word)
        is_named = named is not None and looks_secret(named[1])
        if is_next:
            found.append(MASK)
        elif named is not None and is_named and named[2]:
            found.append(f"{named[1]}={MASK}")
        else:
            found.append(masked(word))
        is_next = not is_next and is_named and word.startswith("-") and "=" not in word
    return found


def without_password(address: str) -> str:
    """Return a URL without its password and without query values that look like secrets."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    place, question, query = rest.partition("?")
    host, slash, path = place.partition("/")
    login, at, host = host.rpartition("@")
    if at:
        user, colon, _ = login.partition(":")
        host = f"{user}:{MASK}@{host}" if colon else f"{MASK}@{host}"
    query, hash_, _ = query.partition("#")
    return f"{scheme}://{host}{slash}{path}{question}{_QUERY_VALUE.sub(_masked_pair, query)}{hash_}"


def _masked_pair(pair: re.Match[str]) -> str:
    name = pair["name"]
    return f"{name}={MASK}" if looks_secret(name) or _SIGNED.search(name) else masked(pair[0])
