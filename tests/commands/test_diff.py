"""`hfjobs diff`: in what two jobs differ."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands.families import Family
from tests.support import USER, Golden, Hfjobs, Hub, Result

LAUNCH: dict[str, Any] = {
    "dockerImage": "python:3.12",
    "command": ["python", "train.py", "--epochs", "3", "--data", "a b"],
    "environment": {"LR": "0.1", "MODE": "fast"},
    "secrets": ["HF_TOKEN"],
    "flavor": "a10g-small",
    "timeout": 3600,
}

SCRIPT = "import os\nrows = 20_000\nfor row in range(rows):\n    print(row)\nprint('done, all of them were read')\n"


def differing(hfjobs: Hfjobs, *argv: str) -> list[tuple[str, str | None, str | None]]:
    found = json.loads(hfjobs("diff", *argv, "--format", "json").stdout)
    return [(each["field"], each["a"], each["b"]) for each in found]


@pytest.fixture
def family(hub: Hub) -> Family:
    return Family(hub)


@pytest.fixture
def pair(family: Family) -> tuple[str, str]:
    """Two jobs that differ in all there is."""
    first = family.add(**LAUNCH)
    second = family.add(
        "retrain",
        **{
            **LAUNCH,
            "dockerImage": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel-with-a-tag-that-is-rather-long-by-itself",
            "command": ["python", "train.py", "--epochs", "5", "--data", "a b", "--resume", "it's"],
            "environment": {"LR": "0.2", "NEW": ""},
            "secrets": ["HF_TOKEN", "WANDB_API_KEY"],
            "flavor": "h200",
            "timeout": 7200,
            "retry": 2,
            "volumes": [{"type": "dataset", "source": "alice/x", "mountPath": "/data", "readOnly": True, "path": "p"}],
            "expose": {"ports": [8000], "portsPublic": [8000]},
            "network": {"group": "g", "aliases": []},
        },
        stage="ERROR",
        message="Job failed with exit code: 137. Reason: OOMKilled.",
        by=("duplicated-job", first),
        durations={"schedulingSecs": 30, "runningSecs": 900, "totalSecs": 930},
    )
    return first, second


def test_ports_have_no_order(hfjobs: Hfjobs, family: Family) -> None:
    one, other = (
        family.add("nightly", **LAUNCH, expose={"ports": ports, "portsPublic": ports}) for ports in ([80, 90], [90, 80])
    )
    assert hfjobs("diff", "--exit-code", one, other).code == 0


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_for_eyes(hfjobs: Hfjobs, pair: tuple[str, str], golden: Golden, columns: int) -> None:
    """Values are on one line if there is room, else below each other; nothing is cut but values of many lines."""
    result = hfjobs("diff", *pair, columns=columns)
    assert result == Result(0, golden(f"diff-{columns}.txt", result.stdout), "")
    plain = hfjobs("diff", *pair, columns=columns, NO_COLOR="1")
    assert max(map(len, plain.stdout.splitlines())) <= columns


@pytest.mark.parametrize("format_", ["json", "table"])
def test_formats(hfjobs: Hfjobs, pair: tuple[str, str], golden: Golden, format_: str) -> None:
    result = hfjobs("diff", *pair, "--format", format_)
    assert result == Result(0, golden(f"diff.{format_}", result.stdout), "")


def test_json_fits_its_schema(hfjobs: Hfjobs, pair: tuple[str, str]) -> None:
    schema = json.loads(hfjobs("help", "schema", "difference").stdout)
    jsonschema.validate(hfjobs.jobs("diff", *pair, "--json"), schema)


class TestCommand:
    """Words are compared as words, long ones piece by piece."""

    @pytest.mark.parametrize(
        ("a", "b", "found"),
        [
            (["a", "--x", "1"], ["a", "--x", "2"], [("command[1]", "--x 1", "--x 2")]),
            (["a", "b"], ["a", "b", "c d"], [("command[2]", None, "'c d'")]),
            (["a", "b", "c"], ["a", "c"], [("command[1]", "b", None)]),
            (["a", "-v", "b"], ["a", "-q", "b"], [("command[1]", "-v", "-q")]),
            (
                ["python", "-c", SCRIPT],
                ["python", "-c", SCRIPT.replace("20_000", "10_000")],
                [("command[2]", "rows = 20_000", "rows = 10_000")],
            ),
            (
                ["bash", "-c", f"python train.py --lr 0.1 {'--very-long-option ' * 5}"],
                ["bash", "-c", f"python train.py --lr 0.2 {'--very-long-option ' * 5}--more"],
                [("command[2]", "0.1", "0.2"), ("command[2]", None, "--more")],
            ),
            (["a", "x" * 70], ["a", "y" * 70], [("command[1]", "x" * 70, "y" * 70)]),
            (["a", "x y " * 30], ["a", "x  y " * 30], [("command[1]", "x y " * 30, "x  y " * 30)]),
        ],
    )
    def test_words(
        self,
        hfjobs: Hfjobs,
        family: Family,
        a: list[str],
        b: list[str],
        found: list[tuple[str, str | None, str | None]],
    ) -> None:
        assert differing(hfjobs, family.add(command=a, arguments=[]), family.add(command=b, arguments=[])) == found

    def test_arguments_belong_to_it(self, hfjobs: Hfjobs, family: Family) -> None:
        first = family.add(command=["a"], arguments=["b", "c"])
        assert differing(hfjobs, first, family.add(command=["a", "b"], arguments=["c"])) == []
        assert differing(hfjobs, first, family.add(command=["a"], arguments=["b"])) == [("command[2]", "c", None)]

    def test_long_scripts_are_compared_at_once(self, hfjobs: Hfjobs, family: Family) -> None:
        """Without looking for what is the same where that may take minutes."""
        lines = [f"line({number * 7919 % 10007})" for number in range(20_000)]
        first, second = "\n".join(lines), "\n".join(lines[::-1])
        (found,) = differing(
            hfjobs, family.add(command=["a", first], arguments=[]), family.add(command=["a", second], arguments=[])
        )
        assert found == ("command[1]", first, second)

    def test_of_many_lines_the_first_are_shown(self, hfjobs: Hfjobs, family: Family) -> None:
        jobs = [family.add(command=["a", f"{word}\n" * 50], arguments=[]) for word in ("x", "y")]
        printed = hfjobs("diff", *jobs).stdout
        assert printed.count("… 38 more lines") == 2
        whole = hfjobs("diff", *jobs, "--no-trunc").stdout
        assert (whole.count("x\n"), whole.count("y\n")) == (50, 50)


@pytest.fixture
def scripts(hfjobs: Hfjobs, tmp_path: Path) -> tuple[str, str]:
    """Two jobs of one script, which was edited between them."""
    made: list[str] = []
    (tmp_path / "conf.yaml").write_text("x: 1\n")
    for script in ("a = 1\nlr = 0.1\nb = 2\n", "a = 1\nlr = 0.2  # hf_abcdefgh12\nb = 2\n"):
        (tmp_path / "train.py").write_text(script)
        files = [str(tmp_path / name) for name in ("train.py", "conf.yaml")]
        made.append(hfjobs("uv", "run", "-d", "-q", "--name", "t", *files[: 2 - len(made)]).stdout.strip())
    return made[0], made[1]


class TestFiles:
    """Files that travel with jobs are compared as texts, not as the variable in which they are packed."""

    def test_as_a_unified_diff(self, hfjobs: Hfjobs, scripts: tuple[str, str]) -> None:
        code, stdout, _ = hfjobs("diff", *scripts, "-f", "field=files.*")
        first, second = scripts
        assert (code, stdout) == (
            0,
            f"--- {first}\n+++ {second}\n\nLAUNCH\n  files.conf.yaml  x: 1 → -\n  files.train.py\n"
            "    @@ -1,3 +1,3 @@\n     a = 1\n    -lr = 0.1\n    +lr = 0.2  # ***\n     b = 2\n",
        )

    def test_as_json(self, hfjobs: Hfjobs, scripts: tuple[str, str]) -> None:
        found = {field: (a, b) for field, a, b in differing(hfjobs, *scripts) if not field.startswith("command")}
        assert found["files.train.py"] == ("a = 1\nlr = 0.1\nb = 2\n", "a = 1\nlr = 0.2  # ***\nb = 2\n")
        assert "environment.PACKED_FILES" not in found

    def test_only_a_secret_differs(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        made = []
        for number in (1, 2):
            (tmp_path / "t.py").write_text(f"x = 'hf_abcdefgh{number}'\n")
            made.append(hfjobs("uv", "run", "-d", "-q", "--name", "t", str(tmp_path / "t.py")).stdout.strip())
        assert differing(hfjobs, *made, "-f", "part=launch") == [("files.t.py", "x = '***'\n", "x = '***'\n")]
        assert hfjobs("diff", *made, "--exit-code", "-f", "part=launch").code == 1

    @pytest.mark.parametrize("packed", ["", "printf %s '!!' | base64 -d | tar -xzf -", "BOMB", "TAR"])
    def test_what_cannot_be_unpacked_is_a_variable(self, hfjobs: Hfjobs, family: Family, packed: str) -> None:
        """Whatever a Hub says of it."""
        content = {"BOMB": gzip.compress(bytes(64 * 2**20)), "TAR": gzip.compress(b"x" * 600)}.get(packed)
        if content is not None:
            packed = f"printf %s '{base64.b64encode(content).decode()}' | base64 -d | tar -xzf -"
        jobs = [family.add(environment={"PACKED_FILES": f"{packed}{number}"}) for number in (1, 2)]
        (found,) = differing(hfjobs, *jobs, "-f", "part=launch")
        assert found == ("environment.PACKED_FILES", f"{packed}1", f"{packed}2")


class TestSecrets:
    """What looks like a secret is shown by nothing but that it differs."""

    def test_are_masked_everywhere(self, hfjobs: Hfjobs, family: Family) -> None:
        def add(word: str) -> str:
            return family.add(
                environment={"WANDB_API_KEY": f"sesame{word}", "MY_PASSWORD": f"sesame{word}", "X": f"hf_sesame{word}"},
                command=[
                    "a",
                    "--api-key",
                    f"sesame{word}",
                    f"--token=sesame{word}",
                    "--tokens",
                    word,
                    f"hf_sesame{word}",
                ],
                arguments=["bash", "-c", f"HF_TOKEN=sesame{word} python train.py {'--very-long-option ' * 5}"],
            )

        jobs = add("one"), add("two")
        for format_ in ("diff", "json", "csv", "{{.a}} {{.b}}"):
            printed = hfjobs("diff", *jobs, "--format", format_).stdout
            assert "sesame" not in printed
        assert differing(hfjobs, *jobs) == [
            ("command[1]", "--api-key *** --token=***", "--api-key *** --token=***"),
            ("command[4]", "--tokens one ***", "--tokens two ***"),
            ("command[9]", "HF_TOKEN=***", "HF_TOKEN=***"),
            ("environment.MY_PASSWORD", "***", "***"),
            ("environment.WANDB_API_KEY", "***", "***"),
            ("environment.X", "***", "***"),
        ]


class TestExitCode:
    """`--exit-code`: 1 if launch or outcome differ."""

    def test_times_and_origin_do_not_count(self, hfjobs: Hfjobs, family: Family) -> None:
        first = family.add()
        second = family.add(by=("duplicated-job", first), durations={"runningSecs": 9})
        code, stdout, stderr = hfjobs("diff", first, second, "--exit-code")
        assert (code, stderr) == (0, "no differences in launch and outcome\n")
        assert "initiator" in stdout

    @pytest.mark.parametrize("changes", [{"flavor": "h200"}, {"stage": "ERROR"}])
    def test_others_do(self, hfjobs: Hfjobs, family: Family, changes: dict[str, Any]) -> None:
        jobs = family.add(), family.add(**changes)
        assert hfjobs("diff", *jobs, "--exit-code").code == 1
        assert hfjobs("diff", *jobs).code == 0
        assert hfjobs("diff", *jobs, "--exit-code", "--filter", "part=times") == Result(0, "", "no differences match\n")

    def test_nothing_differs(self, hfjobs: Hfjobs, family: Family) -> None:
        job = family.add()
        same = f"--- {job}\n+++ {job}\n\nLAUNCH identical\n"
        assert hfjobs("diff", job, job, "--exit-code") == Result(0, same, "no differences in launch and outcome\n")
        assert hfjobs("diff", job, job, "-f", "part=outcome").stdout == ""
        assert hfjobs("diff", job, job, "--json").stdout == "[]\n"


class TestOther:
    """The other job is looked for, and comes first."""

    def test_source(self, hfjobs: Hfjobs, pair: tuple[str, str]) -> None:
        first, second = pair
        assert hfjobs("diff", "--with-source", second) == hfjobs("diff", first, second)

    def test_source_by_label(self, hfjobs: Hfjobs, family: Family) -> None:
        first = family.add(flavor="h200")
        second = family.add(label=first)
        assert differing(hfjobs, "--with-source", second)[0] == ("flavor", "h200", "l40sx1")

    def test_last_good(self, hfjobs: Hfjobs, hub: Hub, family: Family) -> None:
        """The newest before it that was completed: not a later one, not one of another name."""
        family.add("x", flavor="oldest")
        good = family.add("x", flavor="good")
        family.add("y", flavor="other")
        family.add("x", flavor="failed", stage="ERROR")
        bad = family.add("x", flavor="bad", stage="ERROR")
        family.add("x", flavor="later")
        assert differing(hfjobs, "--with-last-good", bad)[0] == ("flavor", "good", "bad")
        assert hfjobs("diff", "--with-last-good", bad) == hfjobs("diff", good, bad)
        assert next(each.query for each in hub.requests if each.path == f"/api/jobs/{USER}") == [
            ("stage", "COMPLETED"),
            ("label", "name=x"),
        ]

    def test_in_what_was_saved(self, hfjobs: Hfjobs, hub: Hub, family: Family, pair: tuple[str, str]) -> None:
        good, bad = family.add("x"), family.add("x", flavor="h200", stage="ERROR")
        given = (
            ("diff", *pair),
            ("diff", "--with-source", pair[1]),
            ("diff", "--with-last-good", bad),
            ("diff", "@1", "@0"),
        )
        expected = [hfjobs(*argv) for argv in given]
        saved = hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl", "--sort", "id").stdout
        hub.requests.clear()
        assert [hfjobs(*argv, "--from", "-", stdin=saved) for argv in given] == expected
        assert good in expected[2].stdout
        assert hub.requests == []

    def test_by_what_they_are(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("diff", "@1", "@0").code == 0

    def test_from_stdin(self, hfjobs: Hfjobs, pair: tuple[str, str]) -> None:
        assert hfjobs("diff", "-", stdin="\n".join(pair)) == hfjobs("diff", *pair)


def test_what_cannot_be_compared(hfjobs: Hfjobs, family: Family) -> None:
    alone, nameless = family.add("alone"), family.add(None)
    orphan = family.add("alone2", label="6a01d697aff1cd33e8f30000")
    hint = "give another job, or one of --with-source and --with-last-good"
    for argv, code, message, its_hint in (
        ((alone,), 2, "two jobs required, but only one given", hint),
        ((alone, nameless, "--with-source"), 2, "more than one job to compare with", hint),
        (
            ("--with-source", alone),
            3,
            f"{alone} was not duplicated from another job",
            f"show its tree with: hfjobs tree {alone}",
        ),
        (
            ("--with-source", orphan),
            3,
            f"{orphan} was duplicated from 6a01d697aff1cd33e8f30000, which no longer exists",
            f"show its tree with: hfjobs tree {orphan}",
        ),
        (
            ("--with-last-good", alone),
            3,
            f"no job named 'alone' completed before {alone}",
            f"list them with: hfjobs ps -a --namespace {USER} --name alone",
        ),
        (
            ("--with-last-good", nameless),
            3,
            f"{nameless} has no name, so there are no earlier jobs of that name",
            "give another job",
        ),
        (("-",), 2, "two jobs required, but 0 given", "give two jobs"),
    ):
        remark = "no jobs on stdin\n" if argv == ("-",) else ""
        assert hfjobs("diff", *argv) == Result(code, "", f"{remark}error: {message}\nhint: {its_hint}\n")
    code, stdout, stderr = hfjobs("diff", alone, "6a01d697aff1cd33e8f30000")
    assert (code, stdout) == (3, "")
    assert stderr.startswith("error: no job '6a01d697aff1cd33e8f30000' in namespace")
