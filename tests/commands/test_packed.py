"""Local scripts that travel in jobs, as hfjobs and each version of hf send them: shown, compared and replaced."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.families import Family
from tests.support import USER, Hfjobs, Hub, Result

OLD, NEW = b"import sys\nlr = 0.1\nprint(sys.argv)\n", b"import sys\nlr = 0.2\nprint(sys.argv)\n"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def created(hfjobs: Hfjobs, hub: Hub, *argv: str) -> dict[str, Any]:
    """Return the job that a command line creates."""
    result = hfjobs(*argv)
    assert result.code == 0, result.stderr
    return next(each for each in hub.all_jobs() if each["id"] == result.stdout.strip())


def by_hf_1_8(script: bytes) -> dict[str, Any]:
    """As huggingface_hub 1.8.0 sends `uv run --with trl train.py --lr 3 'a > b' c.yaml`."""
    command = """echo $LOCAL_FILES_ENCODED | xargs -n 2 bash -c 'echo "$1" | base64 -d > "$0"' && """
    command += "uv run '--with' 'trl' 'train.py' '--lr' '3' 'a > b' 'c.yaml'"
    files = f"train.py {encoded(script)}\nc.yaml {encoded(b'x: 1')}"
    return {"command": ["bash", "-c", command], "environment": {"LOCAL_FILES_ENCODED": files}}


def by_hf_1_3(script: bytes) -> dict[str, Any]:
    """As huggingface_hub 1.3.0 sends `uv run --with trl train.py --lr 3`."""
    command = 'echo "$UV_SCRIPT_ENCODED" | base64 -d > /tmp/script.py && uv run --with trl /tmp/script.py --lr 3'
    return {"command": ["bash", "-c", command], "environment": {"UV_SCRIPT_ENCODED": encoded(script)}}


@pytest.mark.parametrize(
    ("made", "shown", "name"),
    [
        (by_hf_1_8, "uv run --with trl train.py --lr 3 'a > b' c.yaml", "train.py"),
        (by_hf_1_3, "uv run --with trl script.py --lr 3", "script.py"),
    ],
)
def test_packed_by_older_versions_of_hf(
    hfjobs: Hfjobs,
    hub: Hub,
    family: Family,
    tmp_path: Path,
    made: Callable[[bytes], dict[str, Any]],
    shown: str,
    name: str,
) -> None:
    old, same, new = (family.add("t", arguments=[], secrets=[], **made(each)) for each in (OLD, OLD, NEW))
    assert hfjobs("ps", "-a", "--name", "t", "-f", f"command={shown}", "--columns", "command", "--format", "tsv") == (
        Result(0, "command\n" + f"{shown}\n" * 3, "3 of 3 jobs read match --filter\n")
    )
    (raw,) = hfjobs.jobs("inspect", old)
    assert raw["command"] == made(OLD)["command"]

    def lines(*jobs: str) -> str:
        return hfjobs("diff", *jobs, "-f", "part=launch").stdout

    changed = f"LAUNCH\n  files.{name}\n    @@ -1,3 +1,3 @@\n     import sys\n    -lr = 0.1\n    +lr = 0.2\n"
    assert lines(old, same) == f"--- {old}\n+++ {same}\n\nLAUNCH identical\n"
    assert lines(old, new) == f"--- {old}\n+++ {new}\n\n{changed}     print(sys.argv)\n"
    (page,) = hfjobs.jobs("describe", same, "--json")
    assert (page["same_launch"]["completed"], page["same_launch"]["last_good"]) == (1, old)

    failed = family.add(
        "f",
        arguments=[],
        secrets=["KEY"],
        status={"stage": "ERROR", "message": "Job failed with exit code: 1"},
        **made(OLD),
    )
    (page,) = hfjobs.jobs("describe", failed, "--json")
    step = {
        "command": f"hfjobs duplicate {failed} --script {name} -s KEY",
        "purpose": "run it again with an edited script",
    }
    assert step in page["next"]

    edited = tmp_path / name
    edited.write_bytes(NEW)
    dry = hfjobs("duplicate", old, "--script", str(edited), "--dry-run")
    assert dry == Result(0, f"--- {old}\n+++ new\n\n{changed}     print(sys.argv)\n", "nothing was sent (--dry-run)\n")
    again = created(hfjobs, hub, "duplicate", "-q", old, "--script", str(edited))
    source = next(each for each in hub.all_jobs() if each["id"] == old)
    assert again["environment"] == made(NEW)["environment"]
    assert {key: again[key] for key in ("command", "dockerImage", "flavor", "timeout")} == {
        key: source[key] for key in ("command", "dockerImage", "flavor", "timeout")
    }


def test_packed_by_hfjobs(hfjobs: Hfjobs, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_bytes(OLD)
    Path("c.yaml").write_text("x: 1")
    old = created(hfjobs, hub, "uv", "run", "-d", "-q", "-s", "A=secret", "train.py", "@/no", "", "c.yaml")
    command = "uv run train.py @/no '' c.yaml"
    assert (
        hfjobs("ps", "-a", "--limit", "1", "--columns", "command", "--format", "tsv").stdout == f"command\n{command}\n"
    )
    page = hfjobs("describe", old["id"]).stdout
    assert f"Command      {command}\n" in page
    assert "Files        train.py (36 bytes), c.yaml (4 bytes)\n" in page
    assert "PACKED_FILES" not in page
    Path("train.py").write_bytes(NEW)
    result = hfjobs("duplicate", "-q", old["id"], "--script", "train.py")
    assert result.code == 2  # the secret, as with other changes
    new = created(hfjobs, hub, "duplicate", "-q", old["id"], "--script", "train.py", "-s", "A=secret")
    assert [each["field"] for each in json.loads(hfjobs("diff", old["id"], new["id"], "--json").stdout)][:1] == (
        ["files.train.py"]
    )
    assert new["command"] == old["command"]
    count = len(hub.all_jobs())
    Path("other.py").write_text("x = 1\n")
    Path("big.py").write_text(f"# {random.Random(1).randbytes(200_000).hex()}\n")
    Path("big.py").replace("train.py")
    for script, message, hint in (
        ("other.py", f"job {new['id']} has no file 'other.py'", "its files are: train.py, c.yaml"),
        ("train.py", "train.py, c.yaml: too large for a request", "mount large files with -v"),
        ("no.py", "error: cannot read no.py: no such file or directory\n", ""),
        ("-", "--script requires a local file, not '-'", "save it in a file"),
        ("https://a:b@x.y/t.py", "--script requires a local file, not 'https://", "save it in a file"),
    ):
        code, stdout, stderr = hfjobs("duplicate", new["id"], "--script", script, "-s", "A=secret")
        assert (code, stdout, message in stderr, hint in stderr) == (2, "", True, True), stderr
        assert hint or stderr.endswith(message)
    assert hfjobs("duplicate", new["id"], "--script", "train.py", "--", "ls").code == 2
    assert len(hub.all_jobs()) == count


def test_files_without_a_line_in_common_are_not_compared_for_ever(hfjobs: Hfjobs, family: Family) -> None:
    lines = [[f"line {number} of {name}" for number in range(50_000)] for name in "ab"]
    jobs = [
        family.add(
            "t", arguments=[], command=["true"], environment={"UV_SCRIPT_ENCODED": encoded("\n".join(each).encode())}
        )
        for each in lines
    ]
    began = time.process_time()
    shown = hfjobs("diff", *jobs, "-f", "part=launch").stdout
    assert time.process_time() - began < 20
    assert "  files.script.py\n    - line 0 of a\n" in shown
    assert "    + line 0 of b\n" in shown


def test_in_a_bucket_as_hf_2_has_it(hfjobs: Hfjobs, hub: Hub, family: Family, tmp_path: Path) -> None:
    """The file of the bucket cannot be read here, so that it is not compared; an edited one travels in the job."""
    bucket = {"type": "bucket", "source": f"{USER}/jobs-artifacts", "mountPath": "/data", "path": "20260512T080000-a1"}
    command = ["uv", "run", "/data/train.py", "--out", "/data/out"]
    old = family.add("t", command=command, arguments=[], secrets=[], volumes=[bucket])
    printed = hfjobs("ps", "-a", "--name", "t", "--columns", "command", "--format", "tsv").stdout
    assert printed == "command\nuv run train.py --out /data/out\n"
    edited = tmp_path / "edited.py"
    edited.write_bytes(NEW)
    new = created(hfjobs, hub, "duplicate", "-q", old, "--script", str(edited))
    assert new["command"] == ["sh", "-c", 'eval "$PACKED_FILES"', "uv", "run", "@/train.py", "--out", "/data/out"]
    assert [volume["path"] for volume in new["volumes"]] == ["20260512T080000-a1"]
    found = {each["field"]: each["b"] for each in json.loads(hfjobs("diff", old, new["id"], "--json").stdout)}
    assert found["files.train.py"] == NEW.decode()
    assert not {each for each in found if each.startswith("command")}


def test_what_is_not_as_it_should_be_is_shown_as_it_is(hfjobs: Hfjobs, family: Family, tmp_path: Path) -> None:
    ours = ["sh", "-c", 'eval "$PACKED_FILES"', "uv", "run", "@/t.py"]
    by_hf = by_hf_1_8(OLD)["command"]
    edited = tmp_path / "train.py"
    edited.write_bytes(NEW)
    huge = "x" * 3_000_000
    for command, environment, is_read, code in (
        (ours, {"PACKED_FILES": huge}, False, 2),
        (ours[:3], {"PACKED_FILES": "\ncase $w in @) w=;; "}, False, 2),
        (ours, {}, False, 2),
        (by_hf, {"LOCAL_FILES_ENCODED": "train.py !!!"}, True, 2),  # the command alone is as it should be
        ([*by_hf[:2], by_hf[2] + "'"], by_hf_1_8(OLD)["environment"], False, 0),  # and here the files
        (["bash", "-c", by_hf_1_3(OLD)["command"][2] + huge], {"UV_SCRIPT_ENCODED": "\x1b[2J"}, False, 2),
    ):
        job = family.add("odd", command=command, arguments=[], secrets=[], environment=environment)
        shown = hfjobs("ps", "-a", "--name", "odd", "--limit", "1", "--columns", "command", "--format", "csv")
        assert (shown.code, "eval" in shown.stdout or "base64 -d" in shown.stdout) == (0, not is_read)
        assert "\x1b" not in hfjobs("describe", job).stdout
        assert hfjobs("duplicate", job, "--script", str(edited), "--dry-run").code == code


@pytest.fixture
def family(hub: Hub) -> Family:
    return Family(hub)
