"""`--help` and `hfjobs help`: what a person is told."""

import json
import re

import jsonschema
import pytest

from tests.support import DAILY_SCHEDULE, ROOT, Golden, Hfjobs, Hub, Result, on_terminal, posix_only, run_command
from tests.words import COMMANDS, SCHEDULED_COMMANDS, TOPICS

ALL_HELP = [*TOPICS, *(name for name in COMMANDS if name not in TOPICS)]
"""What `hfjobs help` explains, each once: the emulator is a topic and a command."""

LISTED = [name for place, name in enumerate(ALL_HELP, 1) if len(", ".join(ALL_HELP[:place])) <= 200]
"""Those of them that an error names: as many as 200 characters hold."""


@pytest.fixture
def program(directories: dict[str, str]) -> Hfjobs:
    """The program, of somebody who is not logged in."""
    return Hfjobs(directories)


class TestHelpOption:
    """`--help` is plain text, the same everywhere."""

    @pytest.mark.parametrize("argv", [(), *((name,) for name in COMMANDS), ("uv", "run")])
    def test_help(self, program: Hfjobs, golden: Golden, argv: tuple[str, ...]) -> None:
        """Without a command the help is printed too."""
        name = f"help-{'-'.join(argv) or 'hfjobs'}.txt"
        long = program(*argv, "--help")
        assert long == Result(0, golden(name, long.stdout), "")
        assert program(*argv, "-h") == long
        if not argv:
            assert program() == long

    @pytest.mark.parametrize(
        "argv",
        [*(("scheduled", name) for name in SCHEDULED_COMMANDS), ("scheduled", "uv", "run"), ("uv", "run")],
    )
    def test_help_in_a_group(self, program: Hfjobs, golden: Golden, argv: tuple[str, ...]) -> None:
        shown = program(*argv, "--help")
        assert shown == Result(0, golden(f"help-{'-'.join(argv)}.txt", shown.stdout), "")
        assert max(map(len, shown.stdout.splitlines())) <= 120

    def test_a_group_lists_its_commands(self, program: Hfjobs) -> None:
        """Without a command too, and each with the first line of its help."""
        shown = program("scheduled")
        assert shown == program("scheduled", "--help")
        rows = [row.strip().partition(" ") for row in shown.stdout.partition("Commands:\n")[2].splitlines()]
        assert [name for name, _, _ in rows] == SCHEDULED_COMMANDS
        for name, _, summary in rows:
            assert f"\n  {summary.strip()}" in program("scheduled", name, "--help").stdout

    def test_of_the_program_is_one_screen(self, program: Hfjobs) -> None:
        """With room for the prompt; every command is there, and what it does without loading it."""
        shown = program("--help").stdout
        lines = shown.splitlines()
        assert [line for line in lines if len(line) > 80] == []
        assert len(lines) <= 23, "hfjobs --help is one screen: put it into a group of the shorter column"
        entries = {
            name: text for line in lines for name, text in re.findall(r"  ([a-z]+(?: run)?)  +(\S.*?)(?=  |$)", line)
        }
        assert {name.split()[0] for name in entries} == set(COMMANDS)
        assert max(map(len, entries.values())) <= 26
        assert not any("…" in text for text in entries.values())
        for name in COMMANDS:
            assert f"Usage: hfjobs {name}" in program(name, "--help").stdout

    @posix_only
    def test_follows_the_terminal_up_to_100_columns(self, program: Hfjobs) -> None:
        for columns, widest in ((60, 60), (100, 100), (160, 100)):
            for argv in (["--help"], ["help", "environment"]):
                shown = on_terminal(columns, *argv, environ={**program.environ, "NO_COLOR": "1", "PAGER": "cat"})
                assert (shown.code, shown.stderr) == (0, "")
                widths = [len(line) for line in shown.stdout.splitlines() if " | " not in line]
                assert columns == 60 or widest - 25 < max(widths) <= widest
                assert columns != 60 or max(widths) <= 60

    def test_options_stand_in_groups(self, program: Hfjobs) -> None:
        titles = re.findall(r"^([A-Z].*):$", program("run", "--help").stdout, re.MULTILINE)
        assert titles == [
            "Arguments",
            "Job",
            "Hardware and limits",
            "Network",
            "Options",
            "Several jobs",
            "Output",
            "Connection and help",
        ]

    def test_is_that_of_the_installed_command(self, program: Hfjobs) -> None:
        for argv in (("--help",), ("ps", "-h"), ("scheduled", "uv", "run", "--help")):
            assert run_command(*argv, environ=program.environ) == program(*argv)


class TestHelpCommand:
    """`hfjobs help` explains a topic or a command, and asks nobody."""

    @pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != "schema"])
    def test_prints_a_page(self, hfjobs: Hfjobs, hub: Hub, topic: str) -> None:
        page = (ROOT / "hfjobs_cli" / "help" / f"{topic}.md").read_text(encoding="utf-8")
        assert hfjobs("help", topic) == Result(0, page, "")
        assert page.startswith("# ")
        assert hub.requests == []

    @pytest.mark.parametrize("name", [name for name in TOPICS if name in COMMANDS])
    def test_of_what_is_a_topic_and_a_command_both_are_found(self, hfjobs: Hfjobs, name: str) -> None:
        """Each names the other."""
        assert f"hfjobs {name} --help" in hfjobs("help", name).stdout
        assert f"hfjobs help {name}" in hfjobs(name, "--help").stdout

    def test_lists_options_and_topics(self, hfjobs: Hfjobs, golden: Golden) -> None:
        shown = hfjobs("help")
        assert shown == Result(0, golden("overview.txt", shown.stdout), "")
        topics = shown.stdout.partition("Topics of 'hfjobs help':\n")[2].partition("\n\n")[0]
        assert [row.split()[0] for row in topics.splitlines()] == TOPICS

    @pytest.mark.parametrize("command", [*((name,) for name in COMMANDS if name not in TOPICS), ("ls",)])
    def test_prints_the_help_of_a_command(self, hfjobs: Hfjobs, command: tuple[str, ...]) -> None:
        assert hfjobs("help", *command) == hfjobs(*command, "--help")
        assert hfjobs("help", *command).stdout.startswith("Usage: hfjobs ")

    @pytest.mark.parametrize(
        ("argv", "message", "hint"),
        [
            (("fliters",), "no help topic or command 'fliters'", "did you mean 'filters'?"),
            (("apply",), "no help topic or command 'apply'", "did you mean 'hfjobs help scheduled apply'?"),
            (
                ("filters", "x"),
                "no help topic or command 'filters x'",
                "did you mean 'filters'?",
            ),
            (
                ("zzz",),
                "no help topic or command 'zzz'",
                f"use one of {', '.join(LISTED)} and {len(ALL_HELP) - len(LISTED)} more",
            ),
            (("run", "logs"), "no help topic or command 'run logs'", "did you mean 'hfjobs help run'?"),
            (
                ("uv", "run", "x.py", "y"),
                "no help topic or command 'uv run x.py y'",
                "did you mean 'hfjobs help uv run'?",
            ),
            (("schema", "jbo"), "no schema named 'jbo'", "did you mean 'job'?"),
            (("schema", "job", "x"), "no schema named 'job x'", "did you mean 'job'?"),
        ],
    )
    def test_knows_what_there_is(self, hfjobs: Hfjobs, argv: tuple[str, ...], message: str, hint: str) -> None:
        assert hfjobs("help", *argv) == Result(2, "", f"error: {message}\nhint: {hint}\n")

    def test_takes_the_words_of_a_command_in_one(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("help", "uv run") == hfjobs("uv", "run", "--help")

    @pytest.mark.parametrize("argv", [("python:3.12", "--help"), ("python:3.12", "--flavor", "cpu-basic", "-h")])
    def test_is_shown_after_an_image_too(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
        """No program is called `--help`: `run IMAGE --help` asks for help, as in hf jobs, and creates no job."""
        assert hfjobs("run", *argv) == hfjobs("run", "--help")
        assert hfjobs("scheduled", "run", "@daily", *argv) == hfjobs("scheduled", "run", "--help")
        assert hub.requests == []


class TestSchema:
    """`hfjobs help schema` is the JSON Schema of what is really printed."""

    @pytest.mark.parametrize(
        ("command", "kind"),
        [
            (("report",), "group"),
            (("describe",), "description"),
            (("scheduled",), "schedule"),
            (("scheduled", "labels"), "label_change"),
            (("ls",), "job"),
            (("uv", "run"), "job"),
        ],
    )
    def test_is_found_by_the_command_that_prints_it(self, hfjobs: Hfjobs, command: tuple[str, ...], kind: str) -> None:
        assert hfjobs("help", "schema", *command) == hfjobs("help", "schema", kind)

    @pytest.mark.parametrize(
        ("argv", "printed_by"),
        [
            ((), ("ps", "-a", "--limit", "0", "--json")),
            (("job",), ("ps", "-a", "--namespace", "aurora-lab", "--json")),
            (("hardware",), ("hardware", "--json")),
            (("schedule",), ("scheduled", "ps", "-a", "--json")),
            (("schedule",), ("scheduled", "inspect", DAILY_SCHEDULE)),
        ],
    )
    def test_fits(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], printed_by: tuple[str, ...]) -> None:
        hub.add(
            volumes=[{"type": "bucket", "source": "a/b", "mountPath": "/m", "readOnly": True}],
            network={"group": "g", "aliases": ["m"]},
            expose={"ports": [80], "portsPublic": [80]},
        )
        schema = json.loads(hfjobs("help", "schema", *argv).stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        printed = hfjobs.jobs(*printed_by)
        assert len(printed) > 0
        assert list(validator.iter_errors(printed)) == []
        for key in printed[0]:
            assert (
                list(validator.iter_errors([{name: value for name, value in printed[0].items() if name != key}])) != []
            )
        assert list(validator.iter_errors([{**printed[0], "other": 1}])) != []


class TestGroups:
    def test_tell_of_a_typing_mistake(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("scheduled", "pss")
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: no such command 'pss'")
