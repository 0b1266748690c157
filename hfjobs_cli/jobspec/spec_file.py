"""The body of a request, read back: what `--dry-run --format json` prints, for `--spec`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.environment import resolved
from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR, NewJob, Volume
from hfjobs_cli.jobspec.typed import Surroundings, typed_path
from hfjobs_cli.text.json_values import loads
from hfjobs_cli.text.words import one_of

MAX_MIB = 16

_KEYS = {
    "dockerImage": str,
    "spaceId": str,
    "command": list,
    "arguments": list,
    "environment": dict,
    "secrets": dict,
    "flavor": str,
    "arch": str,
    "timeoutSeconds": int,
    "attempts": int,
    "labels": dict,
    "volumes": list,
    "expose": dict,
    "ssh": dict,
    "network": dict,
    "resourceGroupId": str,
}
_VOLUME_KEYS = {"type": str, "source": str, "mountPath": str, "revision": str, "readOnly": bool, "path": str}
_NAMES = {str: "a text", list: "an array", dict: "an object", int: "a whole number", bool: "true or false"}


def read_spec(file: str, around: Surroundings) -> NewJob:
    """Return the job that a file, or `-`, describes; secrets without a value are to be asked for. Raises UsageError."""
    text = around.read_stdin("--spec") if file == "-" else _text_of(typed_path(file))
    try:
        values = loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--spec {file} is no JSON: {error}", hint=_HOW) from None
    if isinstance(values, list) and len(values) == 1:
        values = values[0]
    spec = _object(values, _KEYS, f"--spec {file}")
    environment = spec.get("environment", {})
    spec["environment"] = {**environment, **resolved(dict.fromkeys(environment.keys() - _known(environment)), around)}
    return _job(spec, f"--spec {file}")


_HOW = "'hfjobs run --dry-run --format json' prints what it takes"


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MIB * 1024 * 1024 + 1)
        if len(content) > MAX_MIB * 1024 * 1024:
            raise UsageError(f"--spec {path} is larger than {MAX_MIB} MiB", hint=_HOW)
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or ("it is not UTF-8" if isinstance(error, UnicodeError) else error)
        raise UsageError(f"--spec {path} cannot be read: {reason}", hint=_HOW) from None


def _job(values: Mapping[str, Any], place: str) -> NewJob:
    expose = _object(values.get("expose", {}), {"ports": list, "portsPublic": list}, f"{place}: expose")
    network = _object(values.get("network", {}), {"group": str, "aliases": list}, f"{place}: network")
    ssh = _object(values.get("ssh", {}), {"enabled": bool}, f"{place}: ssh")
    secrets = values.get("secrets", {})
    return NewJob(
        docker_image=values.get("dockerImage"),
        space_id=values.get("spaceId"),
        command=_all(str, values.get("command", []), f"{place}: command"),
        arguments=_all(str, values.get("arguments", []), f"{place}: arguments"),
        environment=_texts(_known(values["environment"]), f"{place}: environment"),
        secrets={**dict.fromkeys(secrets), **_texts(_known(secrets), f"{place}: secrets")},
        flavor=values.get("flavor", DEFAULT_FLAVOR),
        arch=values.get("arch"),
        timeout_secs=values.get("timeoutSeconds"),
        attempts=values.get("attempts"),
        labels=_texts(values.get("labels", {}), f"{place}: labels"),
        volumes=tuple(_volume(each, f"{place}: volumes") for each in values.get("volumes", [])),
        expose=_all(int, expose.get("ports", []), f"{place}: expose.ports"),
        expose_public=_all(int, expose.get("portsPublic", []), f"{place}: expose.portsPublic"),
        ssh=ssh.get("enabled", False),
        network_group=network.get("group"),
        network_aliases=_all(str, network.get("aliases", []), f"{place}: network.aliases"),
        resource_group_id=values.get("resourceGroupId"),
    )


def _volume(values: object, place: str) -> Volume:
    known = _object(values, _VOLUME_KEYS, place)
    for key in ("type", "source", "mountPath"):
        if key not in known:
            raise UsageError(f"{place} has no '{key}'", hint=_HOW)
    return Volume(
        known["type"],
        known["source"],
        known["mountPath"],
        known.get("revision"),
        known.get("readOnly"),
        known.get("path"),
    )


def _object(values: object, keys: Mapping[str, type], place: str) -> dict[str, Any]:
    """Return an object whose keys are known and whose values are of their types; null is what is not there."""
    if not isinstance(values, dict):
        raise UsageError(f"{place} is no object", hint=_HOW)
    for key, value in values.items():
        if key not in keys:
            raise UsageError(f"{place} has the unknown key '{key}'", hint=one_of(key, keys))
        if value is not None and type(value) is not keys[key]:
            raise UsageError(f"{place}: {key} is not {_NAMES[keys[key]]}", hint=_HOW)
    return {key: value for key, value in values.items() if value is not None}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _all(kind: type, values: list[Any], place: str) -> tuple[Any, ...]:
    if any(type(value) is not kind for value in values):
        raise UsageError(f"{place} holds what is not {_NAMES[kind]}", hint=_HOW)
    return tuple(values)


def _texts(values: dict[str, Any], place: str) -> dict[str, str]:
    _all(str, list(values.values()), place)
    return values
