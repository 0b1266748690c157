"""What readers prefer: the same for all commands that print tables, pages and trees."""

import re

import pytest

from hfjobs_cli.models.job import KIND, JobInfo
from hfjobs_cli.terminal import Preferences
from tests.support import NOW, Hfjobs, Hub, Result

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
AGO = re.compile(r"\d+[smhd] ago")

TABLES = [
    ("ps", "-a", "--columns", "id,created"),
    ("scheduled", "ps", "-a", "--columns", "id,last_run"),
    ("tree", "--limit", "2"),
    ("describe", "@failed", "--tail", "0"),
]


class TestTimes:
    """HFJOBS_TIMES."""

    @pytest.mark.parametrize("argv", TABLES, ids=lambda argv: argv[0])
    def test_the_reader_chooses(self, hfjobs: Hfjobs, argv: tuple[str, ...]) -> None:
        """By default a terminal has ages and a pipe has moments; both may have the other."""

        def times(columns: int | None, choice: str) -> tuple[bool, bool]:
            result = hfjobs(*argv, columns=columns, NO_COLOR="1", HFJOBS_TIMES=choice)
            assert result.code == 0
            # The line that says how a job ended is a sentence, the same everywhere.
            text = re.sub(r"^It .*$", "", result.stdout, flags=re.MULTILINE)
            return bool(ISO.search(text)), bool(AGO.search(text))

        on_a_page = argv[0] == "describe"  # which has a moment, and its age if ages are wanted
        ages = (on_a_page, True)
        assert [times(columns, choice) for columns in (200, None) for choice in ("", "relative", " ISO ")] == [
            ages,
            ages,
            (True, False),
            (True, False),
            ages,
            (True, False),
        ]

    def test_programs_always_read_exact_times(self, hfjobs: Hfjobs) -> None:
        for format_ in ("json", "csv", "markdown", "{{.id}} {{.created_at}}"):
            usual = hfjobs("ps", "-a", "--limit", "3", "--format", format_)
            assert "2026-05-12T08:" in usual.stdout
            assert hfjobs("ps", "-a", "--limit", "3", "--format", format_, HFJOBS_TIMES="relative") == usual

    def test_an_invalid_choice_is_an_error_before_any_request(self, hfjobs: Hfjobs, hub: Hub) -> None:
        told = "error: invalid HFJOBS_TIMES 'utc'\nhint: use relative or iso\n"
        for argv in (("ps",), ("cancel", "-y", "--name", "train"), ("hardware",), ("logs", "@latest")):
            assert hfjobs(*argv, HFJOBS_TIMES="utc") == Result(2, "", told)
        assert hub.requests == []


def test_renderers_of_packages_may_ask_for_cells_as_before() -> None:
    """By whether a terminal reads them; now the view does it for them."""
    job = JobInfo.from_api({"id": "1", "createdAt": "2026-05-12T08:00:00.000Z", "status": {"stage": "RUNNING"}})
    created = KIND.cells["created"]
    assert [created.cell(job, NOW, each) for each in (True, False)] == ["1h ago", "2026-05-12T08:00:00Z"]
    assert created.cell(job, NOW, Preferences(is_tty=True, times="iso")) == "2026-05-12T08:00:00Z"
