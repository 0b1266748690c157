"""The configuration file, and HFJOBS_NAMESPACE: what they change, what they never change, and what is wrong there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import BY_HAND, USER, Hfjobs, Hub, Result, imports_of

ORGANISATION = "aurora-lab"

Write = Callable[[str], Hfjobs]


@pytest.fixture
def given(hfjobs: Hfjobs, directories: dict[str, str]) -> Write:
    """A function that writes the file, and returns the program that reads it."""

    def write(text: str) -> Hfjobs:
        path = Path(directories["HOME"]) / ".config" / "hfjobs" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        # Where it is on Windows is another test's business.
        return hfjobs.given({"XDG_CONFIG_HOME": str(path.parent.parent)})

    return write


class TestNamespace:
    def test_is_the_default_of_all_commands(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The token's user is then not asked for."""
        team = hfjobs.given({"HFJOBS_NAMESPACE": f" {ORGANISATION} "})
        ids = hfjobs("ps", "-a", "-q", "--namespace", ORGANISATION).stdout
        del hub.requests[:]
        assert team("ps", "-a", "-q").stdout == ids != ""
        assert team("run", "-d", "-q", "python:3.12", "true").code == 0
        assert team("scheduled", "ps", "-a", "-q").code == 0
        assert {path.split("?")[0] for path in hub.paths} == {
            f"GET /api/jobs/{ORGANISATION}",
            f"POST /api/jobs/{ORGANISATION}",
            f"GET /api/scheduled-jobs/{ORGANISATION}",
        }
        assert team("ps", "-a", "-q", "--namespace", USER) == hfjobs("ps", "-a", "-q")

    def test_is_where_ids_are_looked_for_first(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Then in that of the token's user, and in those of their organizations."""
        team = hfjobs.given({"HFJOBS_NAMESPACE": ORGANISATION})
        del hub.requests[:]
        assert team("inspect", BY_HAND, "-q") == Result(0, f"{BY_HAND}\n", "")
        assert hub.paths == [
            f"GET /api/jobs/{ORGANISATION}/{BY_HAND}",
            "GET /api/whoami-v2",
            f"GET /api/jobs/{USER}/{BY_HAND}",
        ]

    def test_of_the_environment_comes_before_that_of_the_file(self, given: Write, hub: Hub) -> None:
        program = given(f'namespace = "{ORGANISATION}"\n')
        assert program("ps", "-q").code == program.given({"HFJOBS_NAMESPACE": USER})("ps", "-q").code == 0
        assert hub.paths == [f"GET /api/jobs/{ORGANISATION}", f"GET /api/jobs/{USER}"]

    def test_of_a_script_comes_before_both(self, given: Write, hub: Hub, tmp_path: Path) -> None:
        script = tmp_path / "s.py"
        script.write_text(f'# /// script\n# [tool.hf-jobs]\n# namespace = "{ORGANISATION}"\n# ///\n', encoding="utf-8")
        program = given(f'namespace = "{USER}"\n')
        assert program("uv", "run", "-d", "-q", str(script)).code == 0
        assert [path for path in hub.paths if path.startswith("POST")] == [f"POST /api/jobs/{ORGANISATION}"]

    def test_that_is_none_is_an_error(self, hfjobs: Hfjobs, given: Write, hub: Hub) -> None:
        hint = "hint: use letters, digits, '-', '_' and '.'\n"
        told = f"error: HFJOBS_NAMESPACE: invalid namespace 'a/b'\n{hint}"
        assert hfjobs("ps", HFJOBS_NAMESPACE="a/b") == Result(2, "", told)
        code, _, stderr = given('\nnamespace = "a/b"\n')("ps")
        assert (code, stderr.partition("config.toml")[2]) == (2, f":2: invalid namespace 'a/b'\n{hint}")
        assert hub.requests == []


class TestColumnsAndFormats:
    FILE = """
        times = "iso"
        [commands.stats]
        columns = "job_id,memory_usage"
        [commands.ps]
        columns = "id,flavor"
        [commands.hardware]
        format = "{{.name}}"
        [commands.scheduled.ps]
        columns = "+flavor"
        [commands.labels]
        format = "jsonl"
    """

    def test_are_those_of_the_file_on_a_terminal(self, given: Write) -> None:
        program = given(self.FILE)

        def head(*argv: str) -> list[str]:
            return program(*argv, columns=200, NO_COLOR="1").stdout.splitlines()[0].split()

        assert head("ps") == head("ls") == ["JOB", "ID", "FLAVOR"]
        assert head("hardware") == ["cpu-basic"]
        assert head("scheduled", "ps", "-a")[-1] == "FLAVOR"
        assert program("stats", "--for", "0.01s", columns=200).code == 0  # other records, with other columns
        assert head("labels", "--dry-run", "--label", "a=b", BY_HAND)[0] == '{"id":'
        assert head("ps", "--columns", "+cost")[-1] == "COST"
        assert head("ps", "-w")[-1] == "INITIATOR"
        assert head("hardware", "--columns", "name,cpu") == ["NAME", "CPU"]
        assert head("ps", "--json") == ["["]

    @pytest.mark.parametrize(
        "argv",
        [
            ("ps", "-a"),
            ("ps", "-q"),
            ("ps", "--json"),
            ("ps", "--format", "csv"),
            ("ps", "--format", "table", "--columns", "+created"),
            ("hardware",),
            ("scheduled", "ps", "-a"),
        ],
    )
    def test_never_change_what_scripts_get(self, hfjobs: Hfjobs, given: Write, argv: tuple[str, ...]) -> None:
        program = given(self.FILE.replace("iso", "relative"))
        assert program(*argv) == hfjobs(*argv)
        if "-q" in argv or "--format" in argv:
            assert program(*argv, columns=100) == hfjobs(*argv, columns=100, HFJOBS_TIMES="relative")

    def test_so_are_times(self, given: Write) -> None:
        program = given('times = "iso"\n')
        assert "2026-05-12T08:5" in program("ps", columns=200).stdout
        assert "ago" in program("ps", columns=200, HFJOBS_TIMES="relative").stdout

    def test_are_not_read_by_the_demo(self, demo: Hfjobs, given: Write) -> None:
        config = given("broken").environ["XDG_CONFIG_HOME"]
        assert demo("ps", columns=100, XDG_CONFIG_HOME=config) == demo("ps", columns=100)


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("namespace = x", "1: invalid TOML: invalid value\n"),
            ("\n[commands.ps\n", "2: invalid TOML: expected ']' at the end of a table declaration\n"),
            ('# yes\nnamespce = "x"', "2: unknown key 'namespce'\nhint: did you mean 'namespace'?\n"),
            ('times = "iso8601"', "1: invalid times 'iso8601'\nhint: use relative or iso\n"),
            ("namespace = 3", "1: namespace must be a string in quotes\n"),
            ('namespace = " "', "1: namespace must not be empty\n"),
            ("commands = 3", "1: commands must be a table\nhint: use [commands.ps]\n"),
            ('[commands]\nps = "x"', "2: ps must be a table\nhint: use [commands.ps]\n"),
            ('[commands.ps]\n\ncolums = "id"', "3: unknown key 'colums' of 'ps'\nhint: did you mean 'columns'?\n"),
            ("commands = {ps = {columns = 3}}", "1: columns must be a string in quotes\n"),
            ('[commands.ls]\ncolumns = "id"', "1: unknown command 'ls'\nhint: did you mean 'ps'?\n"),
            ('[commands.pss]\ncolumns = "id"', "1: unknown command 'pss'\nhint: did you mean 'ps'?\n"),
            (
                '[commands.scheduled.pss]\ncolumns = "id"',
                "1: unknown command 'scheduled pss'\nhint: did you mean 'scheduled ps'?\n",
            ),
            ('[commands.ssh]\nformat = "json"', "1: 'ssh' has neither columns nor formats\nhint: remove the table\n"),
            ('[commands.ps]\ncolumns = "+nme"', "2: unknown column 'nme'\nhint: did you mean 'name'?\n"),
            ("[commands.ps]\nformat = '{{.nme}}'", "2: "),
            (
                '[commands.ps]\nformat = "json"\ncolumns = "id"',
                "3: columns do not apply to the format 'json'\nhint: remove one of them\n",
            ),
        ],
    )
    def test_are_one_line_with_their_place(self, given: Write, hub: Hub, text: str, told: str) -> None:
        """Whatever the command, on a terminal and in a pipe."""
        program = given(text)
        for argv, columns in ((("ps",), 80), (("ps",), None), (("hardware", "--json"), None), (("cancel", "-"), 80)):
            code, stdout, stderr = program(*argv, columns=columns)
            path, _, line = stderr.partition("config.toml:")
            assert (code, stdout, path[:7]) == (2, "", "error: ")
            assert line.startswith(told) if told == "2: " else line == told
        assert hub.requests == []

    def test_in_the_name_of_the_file(self, hfjobs: Hfjobs, given: Write, tmp_path: Path) -> None:
        """One that is named must be there; and help, by which it could be put right, reads none."""
        missing = str(tmp_path / "missing.toml")
        told = f"error: cannot read {missing}: no such file or directory\n"
        hint = "hint: fix it, or set HFJOBS_CONFIG to another file\n"
        assert hfjobs("ps", HFJOBS_CONFIG=missing) == Result(2, "", told + hint)
        assert hfjobs("help", "environment", columns=80, HFJOBS_CONFIG=missing).code == 0
        program = given("broken")
        named = tmp_path / "named.toml"
        named.write_bytes(b'\xef\xbb\xbf[commands.ps]\r\ncolumns = "id"\r\n')
        shown = program("ps", columns=80, NO_COLOR="1", HFJOBS_CONFIG=str(named)).stdout
        assert shown.startswith("JOB ID\n6a")
        named.write_bytes(b"ok = 1\n\xff")
        assert program("ps", HFJOBS_CONFIG=str(named)) == Result(2, "", f"error: {named}:2: not UTF-8\n")


def test_toml_is_not_loaded_without_a_file(hfjobs: Hfjobs, given: Write) -> None:
    ((code, modules),) = imports_of(("ps", "-q"), environ=hfjobs.environ)
    assert (code, modules & {"tomllib", "tomli", "hfjobs_cli.cli.config_file"}) == (0, set())
    ((code, modules),) = imports_of(("ps", "-q"), environ=given('[commands.ps]\ncolumns = "id"').environ)
    assert (code, "hfjobs_cli.cli.config_file" in modules) == (0, True)


def test_records_are_the_same(hfjobs: Hfjobs, given: Write) -> None:
    assert json.loads(given("")("ps", "--json").stdout) == hfjobs.jobs("ps", "--json")
