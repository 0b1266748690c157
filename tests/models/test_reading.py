"""Whatever JSON a server sends in a job, the job is shown, and what is odd is told of with its place."""

import json
import pickle
import re
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, asdict, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfjobs_cli.cli.registry import kind_of
from hfjobs_cli.models.hardware import Hardware
from hfjobs_cli.models.job import JobInfo, JobOwner, JobStatus
from hfjobs_cli.models.record import Record
from tests.support import USER, Hfjobs, Hub
from tests.words import KINDS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

FULL: dict[str, Any] = {
    "startedAt": "2026-05-12T08:00:00.000Z",
    "finishedAt": "2026-05-12T08:30:00.000Z",
    "durations": {"schedulingSecs": 1, "runningSecs": 2.5, "totalSecs": 4},
    "spaceId": "alice/app",
    "arch": "amd64",
    "retry": 2,
    "volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/x", "revision": "r", "readOnly": True, "path": "p"}],
    "expose": {"ports": [80], "portsPublic": [80]},
    "network": {"group": "g", "aliases": ["a"]},
    "resourceGroupId": "69c4179671691dc46f166314",
    "status": {
        "stage": "ERROR",
        "message": "m",
        "cancelReason": "NO_CREDITS",
        "failureCount": 1,
        "exposeUrls": ["https://x"],
        "sshUrl": "ssh://x",
    },
}

Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> list[Place]:
    """Return the place of everything in a JSON value, as keys and indices."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, each in inner for found in places(each, (*place, key)))]


def replaced(value: Any, place: Place, new: Any) -> Any:
    """Return a copy of a JSON value with something else in one place."""
    if not place:
        return new
    first, *rest = place
    if isinstance(value, dict):
        return {key: replaced(each, tuple(rest), new) if key == first else each for key, each in value.items()}
    return [replaced(each, tuple(rest), new) if at == first else each for at, each in enumerate(value)]


def formatted(place: Place) -> str:
    """Return a place as errors name it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")


@settings(max_examples=150)
@given(data=st.data())
def test_any_json_in_any_place(hfjobs: Hfjobs, hub: Hub, data: st.DataObject) -> None:
    job = hub.job(**FULL)
    place = data.draw(st.sampled_from(places(job)))
    sent = replaced(job, place, data.draw(JSON))
    path = f"/api/jobs/{USER}/{job['id']}"
    hub.replies_to(path, 200, json.dumps(sent))
    code, stdout, stderr = hfjobs("inspect", f"{USER}/{job['id']}")
    if code == 0:
        assert json.loads(stdout)[0]["id"] == job["id"]
        found = re.findall(
            rf"warning: job {job['id']}: unexpected value from the Hub: (.*?) (?:should be|is missing)", stderr
        )
        assert len(found) == len(stderr.splitlines())
    else:
        assert (code, stdout) == (1, "[]\n")
        (error,) = stderr.splitlines()
        assert error.startswith("error: unexpected response from the Hub: ")
        assert f"(GET {path}: 200, request id " not in error  # these answers have none
        named = re.match("error: unexpected response from the Hub: job.?(.*?) (should be|is missing)", error)
        found = [] if named is None else [named[1]]
        assert place in ((), ("id",))
    for each in found:
        # It is about the value that was replaced, or something in it, or what it should have been a part of.
        assert formatted(place).startswith(each) or each.startswith(formatted(place))


def test_json_is_what_the_dataclasses_hold(hfjobs: Hfjobs, hub: Hub) -> None:
    """Every field, however deep, by its name; times as text."""
    sent = hub.job(**FULL)
    hub.replies_to("/api/jobs/x", 200, json.dumps([sent]))

    def as_text(fields: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields}

    expected = asdict(JobInfo.from_api(sent, hub.endpoint), dict_factory=as_text)
    assert hfjobs.jobs("ps", "-a", "--namespace", "x", "--json") == [expected]


@pytest.mark.parametrize("model", [JobInfo, Hardware])
def test_asdict_is_that_of_dataclasses(model: type[Record]) -> None:
    """With copies of lists and objects, so that nothing that is done with it changes a record."""
    sent = {
        **FULL,
        "id": "aa",
        "name": "n",
        "owner": {"name": "x"},
        "labels": {"a": "b"},
        "accelerator": {"model": "T4"},
    }
    record = model.from_api(sent, "https://hub")
    given = record.asdict()
    assert given == asdict(record)  # type: ignore[call-overload]
    for value in given.values():
        if isinstance(value, dict | list):
            value.clear()
    assert record == model.from_api(sent, "https://hub")


@pytest.mark.parametrize("model", [JobInfo, Hardware])
def test_records_are_frozen(model: type[Record]) -> None:
    record = model.from_api({"id": "aa", "name": "n", "owner": {"name": "x"}, "status": {"stage": "RUNNING"}})
    with pytest.raises(FrozenInstanceError):
        setattr(record, "name" if model is Hardware else "id", "other")
    assert not hasattr(record, "__dict__")
    assert model.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_records_are_made_by_place_and_by_name() -> None:
    """As dataclasses are, with the defaults that they declare."""
    owner = JobOwner("60107b385ac3e86b3ea4fc34", "alice", type="user")
    assert repr(owner) == "JobOwner(id='60107b385ac3e86b3ea4fc34', name='alice', type='user')"
    assert owner == JobOwner(type="user", name="alice", id="60107b385ac3e86b3ea4fc34")
    assert replace(owner, name="bob").asdict() == {"id": "60107b385ac3e86b3ea4fc34", "name": "bob", "type": "user"}
    assert JobStatus("RUNNING").message is None
    with pytest.raises(FrozenInstanceError):
        del owner.name


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        (("1", "alice"), {}),
        (("1", "alice", "user", "more"), {}),
        (("1", "alice"), {"name": "bob"}),
        (("1", "alice"), {"kind": "user"}),
        (("1", "alice", "user"), {"kind": "user"}),
        (("1", "alice", "user"), {"type": "user"}),
    ],
)
def test_records_take_one_value_for_each_field(values: tuple[str, ...], named: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"^JobOwner takes one value for each of: id, name, type$"):
        JobOwner(*values, **named)


def test_records_can_be_copied() -> None:
    job = JobInfo.from_api({"id": "aa", "owner": {"name": "x"}, "status": {"stage": "RUNNING"}, "labels": {"a": "b"}})
    for other in (copy(job), deepcopy(job), pickle.loads(pickle.dumps(job))):
        assert other == job
        assert other is not job
    assert deepcopy(job).labels is not job.labels


@pytest.mark.parametrize("name", KINDS)
def test_what_other_tools_call_a_field_is_no_field(name: str) -> None:
    """But stands for a field there is: the hint for a name that is taken would never be shown."""
    kind = kind_of(name)
    assert [each for each in kind.other_names if kind.find(each) is not None] == []
    assert [each for each in kind.other_names.values() if kind.find(each) is None] == []
