"""`hfjobs scheduled export` and `apply`: a file says what schedules there are, and the Hub follows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from hfjobs_cli.jobspec.new_job import NewJob
from hfjobs_cli.jobspec.packing import unpacked
from tests.commands.busy_hub import BusyHub
from tests.commands.scheduled.busy_apply import Rounds, play
from tests.commands.scheduled.support import add_schedule, named
from tests.commands.test_job_spec import EVERYTHING, NO_SHRINKING, jobs, options
from tests.commands.test_packed import by_hf_1_3, by_hf_1_8
from tests.support import DAILY_SCHEDULE, USER, Hfjobs, Hub, Misbehavior, Result, act_and_hang_up, hang_up, pass_on

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TYPICAL = """\
[schedules.nightly]
schedule = "@daily"
image = "python:3.12"
command = "python -c 'print(1)'"
env = { LR = "1e-3" }
labels.team = "ml"

[schedules.train]
schedule = "0 3 * * 6"
script = "train.py"
arguments = ["--lr", "3"]
flavor = "t4-small"
timeout = "2h"
secrets = ["WANDB_API_KEY"]
"""
KEY = {"WANDB_API_KEY": "value of WANDB_API_KEY"}

CONTENTS = st.one_of(
    st.binary(max_size=20), st.text("ab '\"\\\n\r\t\x1b\x85\u202e\ufeff\U0001f600", max_size=30).map(str.encode)
)


def is_utf8(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("print('hi')\n")
    (tmp_path / "schedules.toml").write_text(TYPICAL)
    return tmp_path / "schedules.toml"


def there(hub: Hub) -> dict[str, str]:
    """Return the ids of schedules by their names, of which none may be there twice."""
    with hub.store.read() as tables:
        found = [(each["jobSpec"]["labels"]["name"], each["id"]) for each in tables.schedules(USER)]
    assert len(dict(found)) == len(found)
    return dict(found)


def changes(hub: Hub) -> list[str]:
    return [f"{each.method} {each.path}" for each in hub.requests if each.method != "GET"]


def edit(file: Path, *pairs: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def for_schedules(job: NewJob) -> NewJob:
    """Return a job as a schedule can have it, named."""
    return replace(job, ssh=False, network_group=None, network_aliases=(), labels={**job.labels, "name": "round-trip"})


class TestExport:
    """What it prints is what `apply` reads."""

    def test_prints_schedules_by_name(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("scheduled", "export", "weekly-eval")
        assert (code, stderr) == (0, "")
        assert stdout == (
            "[schedules.weekly-eval]\n"
            'schedule = "0 3 * * 0"\n'
            "suspend = true\n"
            'image = "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel"\n'
            'command = ["python", "-c", "print(\\"ifeval 0.61\\"); print(\\"gsm8k 0.54\\")"]\n'
            'arguments = ["--tasks", "ifeval,gsm8k", "--model", "davanstrien/tiny-judge"]\n'
            'secrets = ["HF_TOKEN", "WANDB_API_KEY"]\n'
            'flavor = "l4x1"\n'
            'timeout = "4h"\n'
            'labels.team = "ml"\n'
        )

    def test_keeps_the_group(self, hfjobs: Hfjobs, file: Path) -> None:
        """It would be changed to the default one otherwise; of several groups no file can say which is which."""
        table = '\n[schedules.%s]\nschedule = "@daily"\nimage = "x"\ncommand = ["y"]\n'
        for group, name in (("evals", "a"), ("other", "b")):
            file.write_text(f'group = "{group}"\n' + table % name)
            assert hfjobs("scheduled", "apply", str(file), "--yes").code == 0
        exported = hfjobs("scheduled", "export", "a", "weekly-eval")
        assert (exported.code, exported.stderr) == (0, "")
        assert exported.stdout.startswith('group = "evals"\n\n[schedules.a]\n')
        assert hfjobs("scheduled", "apply", "-", "--exit-code", stdin=exported.stdout).code == 0
        both = hfjobs("scheduled", "export", "a", "b")
        assert both.stdout.startswith("[schedules.a]\n")
        assert both.stderr.startswith("warning: these schedules are of several groups (evals, other); ")

    def test_names_tell_schedules_apart(self, hfjobs: Hfjobs, hub: Hub) -> None:
        other = named(hub, "refresh-index")
        result = hfjobs("scheduled", "export")
        assert (result.code, result.stdout) == (2, "")
        assert "error: two schedules are named 'refresh-index': " in result.stderr
        assert other in result.stderr and DAILY_SCHEDULE in result.stderr

    @settings(max_examples=12, phases=NO_SHRINKING)
    @given(job=jobs)
    @example(job=EVERYTHING)
    @example(job=replace(EVERYTHING, docker_image=None, space_id="alice/app"))
    def test_what_is_exported_and_applied_changes_nothing(self, hfjobs: Hfjobs, hub: Hub, job: NewJob) -> None:
        """For each property that a schedule can have."""
        job = for_schedules(job)
        program = hfjobs.given({name: f"value of {name}" for name in job.secrets})
        line = [*options(job), "@daily", job.image, "--", *job.command, *job.arguments]
        assert program("scheduled", "run", "--concurrency", *line).code == 0
        exported = program("scheduled", "export", "round-trip")
        assert (exported.code, exported.stderr) == (0, "")
        before = len(changes(hub))
        result = program("scheduled", "apply", "-", "--exit-code", "--json", stdin=exported.stdout)
        assert (result.code, [each["changes"] for each in json.loads(result.stdout)]) == (0, [[]])
        assert len(changes(hub)) == before
        assert program("scheduled", "delete", "round-trip", "--yes").code == 0

    @settings(max_examples=20, phases=NO_SHRINKING)
    @given(content=CONTENTS, words=st.lists(st.sampled_from(["--lr", "3", "data", "a b", "@", "@/data", "", "$X"])))
    @example(content=b"import sys\n", words=["data"])
    @example(content=b"\xff", words=["data"])
    def test_packed_files_are_written_as_text(
        self, hfjobs: Hfjobs, hub: Hub, file: Path, content: bytes, words: list[str]
    ) -> None:
        """Byte for byte: those that are none stay packed. What is edited in the file is in the schedule then."""
        (file.parent / "data").write_bytes(content)
        names = [str(file.parent / "data") if word == "data" else word for word in words]
        code, _, stderr = hfjobs(
            "scheduled", "uv", "run", "--name", "own", "@daily", str(file.parent / "train.py"), *names
        )
        assert code == 0, stderr
        exported = hfjobs("scheduled", "export", "own").stdout
        is_text = "data" not in words or is_utf8(content)
        assert ("PACKED_FILES" in exported) is not is_text
        assert ("files.\"train.py\" = '''\nprint('hi')\n'''\n" in exported) is is_text
        before = there(hub)["own"], len(changes(hub))
        result = hfjobs("scheduled", "apply", "-", "--exit-code", "--yes", stdin=exported)
        assert (result.code, result.stderr, (there(hub)["own"], len(changes(hub)))) == (0, "", before)
        if is_text:
            result = hfjobs("scheduled", "apply", "-", "--yes", "--json", stdin=exported.replace("'hi'", "'hello'"))
            (change,) = json.loads(result.stdout)
            assert change["changes"] == ["files.train.py: 12 bytes -> 15 bytes"]
            with hub.store.read() as tables:
                spec = next(each["jobSpec"] for each in tables.schedules(USER) if each["id"] == there(hub)["own"])
            held = unpacked(spec["environment"])
            assert held == {"train.py": b"print('hello')\n", **({"data": content} if "data" in words else {})}
        assert hfjobs("scheduled", "delete", "own", "--yes").code == 0

    @pytest.mark.parametrize(
        ("made", "command"),
        [
            (by_hf_1_8, ["uv", "run", "--with", "trl", "train.py", "--lr", "3", "a > b", "c.yaml"]),
            (by_hf_1_3, ["uv", "run", "--with", "trl", "script.py", "--lr", "3"]),
        ],
    )
    def test_files_that_old_versions_of_hf_packed(
        self, hfjobs: Hfjobs, hub: Hub, made: Callable[[bytes], dict[str, Any]], command: list[str]
    ) -> None:
        """They are written as text if no shell expands the command, and to apply that changes nothing."""
        spec = {"dockerImage": "python:3.12", "flavor": "cpu-basic", "timeout": 60, "labels": {"name": "old"}}
        identifier = add_schedule(hub, jobSpec={**spec, **made(b"print(1)\n")})
        exported = hfjobs("scheduled", "export", "old").stdout
        assert f"\ncommand = {json.dumps(command)}\n" in exported
        assert " = '''\nprint(1)\n'''\n" in exported
        assert hfjobs("scheduled", "apply", "-", "--exit-code", stdin=exported).code == 0
        with hub.store.write() as tables:
            held = tables.schedule(USER, identifier)
            assert held is not None
            held["jobSpec"]["command"][2] += ' "$LR"'
            tables.save_schedule(held)
        exported = hfjobs("scheduled", "export", "old").stdout
        assert "_ENCODED = " in exported
        assert hfjobs("scheduled", "apply", "-", "--exit-code", stdin=exported).code == 0
        assert changes(hub) == []


class TestApply:
    """The Hub has what the files say."""

    def test_a_life_of_two_schedules(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        program = hfjobs.given(KEY)
        plan = program(
            "scheduled", "apply", str(file), "--dry-run", "--exit-code", "--format", "{{.name}} {{.actions}}"
        )
        assert plan == Result(
            1, "nightly [create]\ntrain [create]\n", "would change 2 of 2 schedules; nothing was changed\n"
        )
        assert changes(hub) == []

        code, stdout, stderr = program("scheduled", "apply", str(file), "--yes")
        ids = there(hub)
        assert (code, stderr) == (0, "")
        assert stdout == f"{ids['nightly']}  nightly  create\n{ids['train']}  train  create\n"
        unchanged = f"{ids['nightly']}  nightly  unchanged\n{ids['train']}  train  unchanged\n"
        assert hfjobs("scheduled", "apply", str(file), "--exit-code") == Result(0, unchanged, "")

        edit(file, ("@daily", "@hourly"), ('"ml"', '"data"'), ('schedule = "0 3', 'suspend = true\nschedule = "0 3'))
        result = hfjobs("scheduled", "apply", str(file), "--yes", "--json")
        assert (result.code, result.stderr) == (0, "")
        assert json.loads(result.stdout) == [
            {
                "name": "nightly",
                "actions": ["reschedule", "relabel"],
                "id": ids["nightly"],
                "changes": ["schedule: @daily -> @hourly", "labels.team: 'ml' -> 'data'"],
            },
            {"name": "train", "actions": ["suspend"], "id": ids["train"], "changes": []},
        ]
        assert there(hub) == ids

        edit(file, ("1e-3", "3e-4"), ("{ LR", "{ ZZ = '', LR"))
        file.with_name("train.py").write_text("print('ho')\n")
        code, stdout, stderr = program("scheduled", "apply", str(file), "--yes", "--format", "{{.name}} {{.changes}}")
        assert (code, stderr) == (0, "")
        assert stdout == (
            "nightly [env.LR: '1e-3' -> '3e-4' env.ZZ: none -> '']\n"
            "train [files.train.py: 12 bytes -> 12 bytes (edited)]\n"
        )
        new = there(hub)
        assert new.keys() == ids.keys() and not set(new.values()) & {ids["nightly"], ids["train"]}
        (train,) = hfjobs.jobs("scheduled", "inspect", new["train"])
        assert train["suspend"] is True

        edit(file, ("[schedules.nightly]", "[schedules.hourly]"))
        assert program("scheduled", "apply", str(file), "--yes", "--format", "{{.name}} {{.actions}}").stdout == (
            "hourly [create]\ntrain [unchanged]\n".replace("[unchanged]", "[]")
        )
        code, stdout, _ = program("scheduled", "apply", str(file), "--yes", "--prune", "-q")
        assert (code, stdout.split()) == (0, [there(hub)["hourly"], new["train"], new["nightly"]])
        assert set(there(hub)) == {"hourly", "train", "refresh-index", "weekly-eval"}

    @pytest.mark.parametrize("broken", [0, 1, 2])
    def test_an_interrupted_replacement_is_settled_by_the_next(
        self, hfjobs: Hfjobs, hub: Hub, file: Path, broken: int
    ) -> None:
        """The old schedule stays until the new one is there, and goes at last."""
        program = hfjobs.given(KEY)
        program("scheduled", "apply", str(file), "--yes")
        old = there(hub)
        edit(file, ("1e-3", "3e-4"))
        way: tuple[Misbehavior, ...] = ((hang_up,) * 6, (act_and_hang_up,), (pass_on, *[hang_up] * 6))[broken]
        hub.on_changes(*way)
        first = program("scheduled", "apply", str(file), "--yes")
        hub.on_changes()
        assert first.code == (0 if broken == 1 else 5)
        if broken != 1:
            assert "not applied, or in part: nightly; run the same command again to continue\n" in first.stderr
        assert program("scheduled", "apply", str(file), "--yes").code == 0
        now = there(hub)
        assert now.keys() == old.keys() and now["nightly"] != old["nightly"] and now["train"] == old["train"]
        assert program("scheduled", "apply", str(file), "--exit-code").code == 0

    def test_a_killed_apply_is_settled_by_the_next(self, tmp_path: Path) -> None:
        """`busy_apply` as a program does so at many moments, on a Hub that loses answers."""
        hub = BusyHub(tmp_path)
        try:
            play(Rounds(hub, tmp_path, 1, 2, 1), [(2, 0.0)])
        finally:
            hub.close()

    def test_two_machines_apply_the_same_file_at_once(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        """The older of two equal schedules stays, whichever apply notices; both may have replaced the same one."""
        program = hfjobs.given(KEY)
        program("scheduled", "apply", str(file), "--yes")
        old = there(hub)
        edit(file, ("1e-3", "3e-4"))

        def twice(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            """Another machine has created the same by then, and deleted the old one."""
            answer = list(app(environ, start))
            made = json.loads(b"".join(answer))
            with hub.store.write() as tables:
                tables.add_schedule({**made, "id": "0" * 24}, {})
                tables.delete_schedule(old["nightly"])
            return answer

        hub.on_changes(twice)
        code, stdout, stderr = program("scheduled", "apply", str(file), "--yes")
        assert (code, stdout) == (0, f"{old['train']}  train  unchanged\n")
        assert stderr.startswith("warning: deleting schedule ")
        assert stderr.endswith(f", a duplicate of {'0' * 24}\n") and len(stderr.splitlines()) == 1
        assert there(hub)["nightly"] == "0" * 24
        assert program("scheduled", "apply", str(file), "--exit-code").code == 0

        with hub.store.write() as tables:
            made = tables.schedule(USER, "0" * 24)
            assert made is not None
            tables.add_schedule({**made, "id": "1" * 24}, {})
        result = program("scheduled", "apply", str(file), "--yes", "-q")
        assert result == Result(0, "\n".join(("1" * 24, "0" * 24, old["train"], "")), "")
        assert there(hub)["nightly"] == "0" * 24

    def test_a_hub_that_lists_new_schedules_late(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        """What this machine has created lately is not created again."""

        def stale(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "GET":
                return Response("[]", content_type="application/json")(environ, start)
            return app(environ, start)

        hub.always(f"/api/scheduled-jobs/{USER}", stale)
        assert hfjobs.given(KEY)("scheduled", "apply", str(file), "--yes").code == 0
        ids = there(hub)
        result = hfjobs("scheduled", "apply", str(file), "--yes", "--exit-code", "-q")
        assert result == Result(0, f"{ids['nightly']}\n{ids['train']}\n", "")

    def test_what_somebody_took_over_is_left_alone(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        """Neither the label of a replacement nor a group makes `apply` delete what has another name or is younger."""
        program = hfjobs.given(KEY)
        program("scheduled", "apply", str(file), "--yes")
        old = there(hub)["nightly"]
        edit(file, ("1e-3", "3e-4"), ("[schedules.nightly]", 'group = "ml"\n[schedules.nightly]'))
        hub.on_changes(pass_on, *[hang_up] * 6)
        assert program("scheduled", "apply", str(file), "--yes").code == 5
        hub.on_changes()
        assert program("scheduled", "labels", old, "--name", "kept").code == 0
        new = there(hub)["nightly"]
        assert program("scheduled", "labels", new, "--label", f"apply-replaces={new}").code == 0
        result = program("scheduled", "apply", str(file), "--yes", "--prune", "--json")
        assert [each["changes"] for each in json.loads(result.stdout)] == [
            [],
            ["labels.apply-group: 'default' -> 'ml'"],
        ]
        assert (there(hub)["kept"], there(hub)["nightly"]) == (old, new)
        assert program("scheduled", "apply", str(file), "--exit-code").code == 0

    def test_what_the_hub_changes_is_told_once(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        """A Hub that has its own idea of a timeout does not make each apply replace the schedule."""
        edit(file, ("[schedules.train]", 'timeout = "5h"\n[schedules.train]'))

        def shorten(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            body = b"".join(app(environ, lambda *_args: lambda _data: None))
            made = json.loads(body)
            made["jobSpec"]["timeout"] = 3600
            with hub.store.write() as tables:
                tables.save_schedule(made)
            return Response(json.dumps(made), content_type="application/json")(environ, start)

        for what in ("LR", "XY"):
            hub.on_changes(shorten)
            result = hfjobs.given(KEY)("scheduled", "apply", str(file), "--yes", "-q")
            assert (result.code, result.stderr) == (
                0,
                "warning: schedule 'nightly' is not as the file says: timeout: 1h -> 5h; the Hub changed it\n",
            )
            before = there(hub)
            assert hfjobs("scheduled", "apply", str(file), "--exit-code").code == 0
            assert there(hub) == before
            edit(file, (what, "XY"))

    def test_an_odd_hub(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        """What cannot be written is left out, what cannot be applied is told; nothing is created that may be there."""
        spec = {"dockerImage": "python:3.12", "command": ["true"], "flavor": "cpu-basic"}
        volume = {"type": "tape", "source": "x", "mountPath": "/x"}
        add_schedule(hub, id="1" * 24, jobSpec={**spec, "labels": {"name": "tape"}, "volumes": [volume]})
        add_schedule(hub, id="2" * 24, jobSpec={**spec, "labels": {"name": "a b", "x": "y"}, "news": {"a": 1}})
        code, stdout, stderr = hfjobs("scheduled", "export")
        assert (code, stdout.count("[schedules."), '[schedules."a b"]' in stdout) == (1, 3, True)
        assert stderr == (
            "warning: export: [schedules.\"a b\"]: invalid job name 'a b'; "
            "'hfjobs scheduled apply' does not accept it\n"
            "error: cannot export schedule 'tape': cannot write the volume 'x' at '/x' as an option -v\n"
        )
        add_schedule(hub, id="3" * 24, jobSpec={**spec, "labels": ["name"]})
        code, stdout, stderr = hfjobs.given(KEY)("scheduled", "apply", str(file), "--yes")
        assert (code, stdout, changes(hub)) == (1, "", [])
        assert f"error: cannot compare with the Hub: the name of schedule {'3' * 24} is unknown\n" in stderr

    def test_paths_are_relative_to_the_file(
        self, hfjobs: Hfjobs, hub: Hub, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit(file, ('"3"]', '"3", "data"]'))
        assert hfjobs.given(KEY)("scheduled", "apply", str(file), "--yes").code == 0
        (tmp_path / "elsewhere").mkdir()
        for name in ("data", "train.py"):
            (tmp_path / "elsewhere" / name).write_text("other\n")
        monkeypatch.chdir(tmp_path)
        assert hfjobs("scheduled", "apply", file.name, "--exit-code").code == 0
        monkeypatch.chdir("elsewhere")
        (code, stdout, stderr), before = hfjobs("scheduled", "apply", str(file), "--exit-code"), len(changes(hub))
        assert (code, stdout, len(changes(hub))) == (2, "", before)
        assert f"[schedules.train]: no such file: '{tmp_path / 'data'}'\nhint: paths are relative to the" in stderr
        (tmp_path / "elsewhere" / "data").unlink()
        assert hfjobs("scheduled", "apply", str(file), "--exit-code").code == 0

    def test_secrets_are_asked_of_this_machine_before_anything_is_sent(
        self, hfjobs: Hfjobs, hub: Hub, file: Path
    ) -> None:
        result = hfjobs("scheduled", "apply", str(file), "--yes")
        assert (result.code, result.stdout, changes(hub)) == (2, "", [])
        assert "[schedules.train] needs a secret that is not set here: WANDB_API_KEY\n" in result.stderr

    def test_nobody_is_there_to_confirm(self, hfjobs: Hfjobs, hub: Hub, file: Path) -> None:
        assert hfjobs.given(KEY)("scheduled", "apply", str(file)) == Result(
            2,
            "",
            "error: refusing to apply 2 changes of schedules without confirmation: stdin is not a terminal\n"
            "hint: pass --yes, or --dry-run to see the plan\n",
        )
        assert changes(hub) == []

    def test_two_of_one_name_are_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        other = named(hub, "refresh-index")
        text = '[schedules.refresh-index]\nschedule = "@daily"\nimage = "python:3.12"\ncommand = "true"\n'
        result = hfjobs("scheduled", "apply", "-", "--yes", stdin=text)
        assert (result.code, result.stdout, changes(hub)) == (2, "", [])
        assert "the name is that of several schedules: " in result.stderr and other in result.stderr

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("x", "- is not valid TOML: "),
            ("schedule = {}", "-: unknown key 'schedule'\nhint: did you mean 'schedules'?"),
            ("schedules = 3", "-: schedules is not a table"),
            ("", '- declares nothing\nhint: to declare that there are no schedules: group = "default"'),
            ("# nothing yet", "- declares nothing\n"),
            ("[schedules]\na = 3", "-: [schedules.a] is not a table"),
            ('group = "a b"', "-: group: invalid value in label 'apply-group=a b'"),
            ("[schedules.a]\nflavour = 't4'", "-: [schedules.a]: unknown key 'flavour'\nhint: did you mean 'flavor'?"),
            ("[schedules.a]\nimage = 'x'", "-: [schedules.a]: missing key 'schedule'"),
            ("[schedules.a]\nschedule = '61 * * * *'", "-: [schedules.a]: invalid cron expression '61 * * * *'"),
            ("[schedules.a]\nschedule = '@daily'\nimage = 'x'", "-: [schedules.a]: missing key 'command'"),
            ("[schedules.a]\nschedule = '@daily'\ncommand = 'x'", "-: [schedules.a]: missing key 'image'"),
            ("[schedules.a]\ncommand = [1]", "-: [schedules.a]: command is not an array of strings or a string"),
            ("[schedules.a]\nenv.A = 1", "-: [schedules.a]: env is not a table of strings"),
            ("[schedules.a]\nenv.'A=B' = ''\nIMAGE", "-: [schedules.a]: invalid name 'A=B' in env"),
            (
                "[schedules.a]\nsecrets = ['KEY=abc']\nIMAGE",
                "-: [schedules.a]: secrets are names, but 'KEY' has a value",
            ),
            ("[schedules.a]\nnamespace = ''\nIMAGE", "-: [schedules.a]: namespace is empty"),
            (
                "[schedules.a]\nIMAGE\n[schedules.b]\nIMAGE\n[schedules.b.labels]\nname='a'",
                "-: [schedules.b]: the label 'name' is not 'b'",
            ),
            ("[schedules.a]\nexpose = ['1']", "-: [schedules.a]: expose is not an array of numbers"),
            ("[schedules.a]\nattempts = true", "-: [schedules.a]: attempts is not a whole number"),
            ("[schedules.a]\nlabels.name = 'b'\nIMAGE", "-: [schedules.a]: the label 'name' is not 'a'"),
            ("[schedules.a]\nlabels.apply-group = 'b'\nIMAGE", "-: [schedules.a]: the label 'apply-group' is set by"),
            ("[schedules.a]\npython = '3.12'\nIMAGE", "-: [schedules.a]: 'python' needs a script"),
            ("[schedules.a]\nscript = 'x.py'\nIMAGE", "-: [schedules.a]: both a script and a command given"),
            ("[schedules.a]\nschedule='@daily'\nscript = 'nowhere.py'", "-: [schedules.a]: no such file: 'nowhere.py'"),
            ("[schedules.a]\nfiles.x = 1", "-: [schedules.a]: files is not a table of strings"),
            ("[schedules.a]\nfiles.'../x' = ''\nIMAGE", "-: [schedules.a]: invalid file name '../x'"),
            ("[schedules.a]\nfiles.true = ''\nIMAGE", "-: [schedules.a]: files need a command that begins with"),
            (
                "[schedules.a]\nfiles.x = ''\nenv.PACKED_FILES = ''\nIMAGE",
                "-: [schedules.a]: both files and env.PACKED",
            ),
            (
                "[schedules.a]\nschedule = '@daily'\nscript = 'x'\nfiles.x = ''",
                "-: [schedules.a]: both a script and files",
            ),
            (
                "[schedules.a]\nfiles.'x.py' = ''\nWORDS ['sh', '-c', 'python x.py']",
                "-: [schedules.a]: the file x.py is only a part",
            ),
            (
                "[schedules.a]\nfiles.'x.py' = ''\nWORDS ['uv', 'run', './x.py']",
                "-: [schedules.a]: the file x.py is only a part",
            ),
            ("[schedules.a]\nvolumes = ['.:/data']\nIMAGE", "-: [schedules.a]: volumes of a file cannot be local"),
            ("[schedules.a]\nflavor = 't4'\nIMAGE", "-: [schedules.a]: unknown flavor 't4'"),
            ("[schedules.'a b']\nIMAGE", "-: [schedules.\"a b\"]: invalid job name 'a b'"),
        ],
    )
    def test_files_are_checked_before_anything_is_sent(self, hfjobs: Hfjobs, hub: Hub, text: str, error: str) -> None:
        text = text.replace("WORDS", "schedule = '@daily'\nimage = 'x'\ncommand =")
        text = text.replace("IMAGE", "schedule = '@daily'\nimage = 'python:3.12'\ncommand = 'true'")
        result = hfjobs("scheduled", "apply", "-", "--yes", stdin=text)
        assert (result.code, result.stdout, changes(hub)) == (2, "", [])
        assert f"error: {error}" in result.stderr

    def test_files_that_cannot_be_read(self, hfjobs: Hfjobs, hub: Hub, file: Path, tmp_path: Path) -> None:
        assert hfjobs("scheduled", "apply").code == 2
        assert hfjobs("scheduled", "apply", "").stderr.startswith("error: the name of a file is empty\n")
        missing = str(tmp_path / "nowhere.toml")
        assert hfjobs("scheduled", "apply", missing) == Result(
            2,
            "",
            f"error: cannot read {missing}: no such file or directory\n"
            "hint: 'hfjobs scheduled export' prints a valid file\n",
        )
        result = hfjobs("scheduled", "apply", str(file), str(file), "--yes")
        assert (result.code, hub.requests) == (2, [])
        assert f"error: schedule 'nightly' is declared twice: in {file}\n" in result.stderr
