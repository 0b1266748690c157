"""The name that a job gets by default: the same for the same launch, as `hf jobs` has it."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR, SPACE_PREFIXES, RawOptions
from hfjobs_cli.query.labels import MAX_LENGTH

_HASH_LENGTH = 8
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


def name_of_image(image: str, command: Sequence[str], traits: Iterable[str]) -> str:
    """Return the name of a job that runs a command in an image: the last part of that, and a fingerprint."""
    for prefix in SPACE_PREFIXES:
        if image.startswith(prefix):
            return _name(image[len(prefix) :] or image, [image, *command, *traits])
    return _name(image.rstrip("/").split("/")[-1] or image, [image, *command, *traits])


def name_of_script(script: str, arguments: Sequence[str], traits: Iterable[str]) -> str:
    """Return the name of a job that runs a script: the name of its file, and a fingerprint."""
    file = script.split("?", 1)[0].split("#", 1)[0].rstrip("/").split("/")[-1]
    return _name(file.removesuffix(".py") or script, [script, *arguments, *traits])


def traits(
    typed: RawOptions,
    namespace: str | None,
    environment: Mapping[str, str],
    secrets: Iterable[str],
    extra: Iterable[str] = (),
) -> list[str]:
    """Return the values that distinguish launches, for the hash in default names. Only names of secrets count."""
    return [
        typed.flavor or DEFAULT_FLAVOR,
        typed.timeout or "",
        namespace or "",
        typed.network_group or "",
        *extra,
        *(f"{key}={value}" for key, value in sorted(environment.items())),
        *sorted(secrets),
        *(typed.volume or ()),
        *(typed.network_alias or ()),
    ]


def _name(base: str, parts: Sequence[str]) -> str:
    """Return a name, cut where the Hub would refuse it."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    shown = _NOT_IN_NAMES.sub("-", base)[: MAX_LENGTH - _HASH_LENGTH - 1]
    return f"{shown}-{hashlib.sha256(joined).hexdigest()[:_HASH_LENGTH]}"
