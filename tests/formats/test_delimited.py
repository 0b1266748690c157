"""`--format csv` and `tsv`."""

import csv
import io
import json

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, Golden, Hfjobs, Hub, Result
from tests.words import FORMATS_WITH_COLUMNS


class TestDelimited:
    """csv and tsv hold every value whole."""

    @pytest.mark.parametrize(("format_", "delimiter", "end"), [("csv", ",", "\r\n"), ("tsv", "\t", "\n")])
    def test_are_read_back_with_every_value_intact(
        self, hfjobs: Hfjobs, hub: Hub, format_: str, delimiter: str, end: str
    ) -> None:
        name = 'a "quoted", name;\twith\nlines\r\nand 日本 \x1b[0m'
        id_ = hub.add(labels={"name": name}, command=["echo", "a b"], startedAt=None)
        result = hfjobs("inspect", id_, BY_HAND, "--format", format_)
        assert (result.code, result.stderr) == (0, "")
        assert result.stdout.endswith(end)
        rows = list(csv.DictReader(io.StringIO(result.stdout, newline=""), delimiter=delimiter))
        assert [row["id"] for row in rows] == [id_, BY_HAND]
        assert rows[0]["name"] == name
        assert rows[0]["command"] == "echo 'a b'"
        assert rows[1]["created"] == "2026-05-11T13:16:07Z"
        assert rows[1]["initiator"] == "user:davanstrien"

    @pytest.mark.parametrize(("format_", "delimiter"), [("csv", ","), ("tsv", "\t")])
    @pytest.mark.parametrize("name", ["a\rb", "a\nb", "a\tb", "a,b", '"', "", " a "])
    def test_quote_what_needs_it(self, hfjobs: Hfjobs, hub: Hub, format_: str, delimiter: str, name: str) -> None:
        id_ = hub.add(labels={"name": name})
        result = hfjobs("inspect", id_, id_, "--format", format_)
        rows = list(csv.reader(io.StringIO(result.stdout, newline=""), delimiter=delimiter))
        assert [row[1] for row in rows] == ["name", name, name]

    @pytest.mark.parametrize("format_", ["csv", "tsv"])
    @pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-x", "@SUM(1)", "\t=1", "\n=1", "＝1"])  # noqa: RUF001
    def test_are_run_by_no_spreadsheet_if_that_is_wanted(
        self, hfjobs: Hfjobs, hub: Hub, format_: str, name: str
    ) -> None:
        """As they are otherwise: RFC 4180 knows no formulas."""
        id_ = hub.add(labels={"name": name}, durations={"runningSecs": -5})
        for options, shown in (((), name), (("--safe-cells",), f"'{name}")):
            argv = ("inspect", id_, "--format", format_, *options, "--columns", "id,name,runtime")
            text = io.StringIO(hfjobs(*argv).stdout, newline="")
            _, row = csv.reader(text, delimiter="," if format_ == "csv" else "\t")
            assert row[:2] == [id_, shown]
            assert not row[2].startswith("'")

    @pytest.mark.parametrize("argv", [(), ("--format", "table"), ("--json",), ("-q",), ("--format", "{{.id}}")])
    def test_safe_cells_are_for_them_alone(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
        assert hfjobs("ps", "--safe-cells", *argv) == Result(
            2, "", "error: --safe-cells applies only to csv and tsv\nhint: add --format csv, or remove --safe-cells\n"
        )
        assert hub.requests == []

    @pytest.mark.parametrize("format_", ["csv", "tsv"])
    def test_have_the_chosen_columns(self, either: Hfjobs, golden: Golden, format_: str) -> None:
        columns = "id,name,initiator,runtime,started,message"
        result = either("ps", "-a", "--status", "error", "--limit", "2", "--format", format_, "--columns", columns)
        lines = "".join(f"{line}\n" for line in result.stdout.splitlines())
        assert lines == golden(f"ps.{format_}", lines)
        end = "\r\n" if format_ == "csv" else "\n"
        hint = "hint: showing the first 2, there may be more; --limit 0 lists all\n"
        assert result == Result(0, lines.replace("\n", end), hint)

    def test_absent_values_are_empty(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, json.dumps([{"id": "aa", "owner": {"name": "x"}, "status": {"stage": "RUNNING"}}]))
        result = hfjobs("ps", "--namespace", "x", "--format", "csv")
        assert result == Result(0, "id,name,image,command,created,status,runtime\r\naa,,,,,RUNNING,\r\n", "")

    def test_times_are_exact_on_a_terminal_too_and_nothing_is_cut(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(labels={"name": "a\nb\x1b[2J"})
        argv = ("inspect", id_, BY_HAND, "--format", "csv")
        shown = hfjobs(*argv, columns=40)
        assert shown == hfjobs(*argv)._replace(stdout=hfjobs(*argv).stdout.replace('"a\nb\x1b[2J"', "a\\nb\\x1b[2J"))

    def test_no_job_leaves_the_header(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--name", "nope", "--format", "tsv", "--columns", "id,name")
        assert result == Result(0, "id\tname\n", "no jobs match\n")

    def test_a_failure_leaves_nothing_or_whole_records(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(400, '{"error": "no"}')
        assert hfjobs("ps", "--namespace", "x", "--format", "csv").stdout == ""
        hub.replies(200, json.dumps([hub.job(id="aa")]), {"Link": '</api/jobs/x?cursor=2>; rel="next"'})
        hub.replies(400, '{"error": "no"}')
        result = hfjobs("ps", "-a", "--namespace", "x", "--format", "csv", "--columns", "id")
        assert (result.code, result.stdout) == (1, "id\r\naa\r\n")

    def test_lengths_of_time_are_seconds(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("inspect", BY_HAND, BY_SCHEDULE, "--format", "tsv")
        assert [line.split("\t")[6] for line in result.stdout.splitlines()] == ["runtime", "3570", "403"]

    @pytest.mark.parametrize("other", [["--format", "json"], ["--format", "{{.id}}"], ["-q"]])
    def test_columns_are_for_formats_that_have_some(self, hfjobs: Hfjobs, hub: Hub, other: list[str]) -> None:
        error = f"--columns applies only to {', '.join(FORMATS_WITH_COLUMNS)}"
        hint = "remove --columns, or use one of these formats"
        assert hfjobs("ps", "--columns", "id", *other) == Result(2, "", f"error: {error}\nhint: {hint}\n")
        assert hub.requests == []

    def test_an_unknown_column_names_those_there_are(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "-a", "--format", "csv", "--columns", "id,name,initiator,color")
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: unknown column 'color'\nhint: use one of id, name, image, command, ")
        assert hub.requests == []
