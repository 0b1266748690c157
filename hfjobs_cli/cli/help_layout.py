"""How `--help` looks: commands in groups on one screen, options in sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from hfjobs_cli import terminal
from hfjobs_cli.cli.registry import COMMANDS, SCREEN, TOPICS, Command, renamed

if TYPE_CHECKING:
    import typer

    from hfjobs_cli.cli.session import Session

WIDE = 72
"""The least width at which commands stand in two columns."""

OPTION_WIDTH = 30
"""How wide the names of options are at most; the help of longer ones begins on the next line."""


class Section:
    """The sections in which help lists options, in order."""

    SCRIPT = "Script"
    JOB = "Job"
    HARDWARE = "Hardware and limits"
    NETWORK = "Network"
    OPTIONS = "Options"
    SWEEP = "Several jobs"
    WHICH = "Which ones"
    OUTPUT = "Output"
    CONNECTION = "Connection and help"


SECTIONS: tuple[str, ...] = tuple(title for name, title in vars(Section).items() if name.isupper())


class _BoldHeadings:
    """Help whose headings are bold where there is color."""

    def get_help(self, ctx: Any) -> str:
        """Return the help as text, with codes for a terminal."""
        text: str = super().get_help(ctx)  # type: ignore[misc]
        return _with_bold_headings(renamed(text, ctx.obj.program), ctx.obj)


class CommandHelp(_BoldHeadings, TyperCommand):
    """A command whose help has its options in sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options."""
        _write_options(self, ctx, formatter)


class GroupHelp(_BoldHeadings, TyperGroup):
    """A group whose help has its options in sections, before its commands."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options and commands."""
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


class ProgramHelp(_BoldHeadings, TyperGroup):
    """The program, whose help is one screen; `overview` has what is left out there."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the screen."""
        self.format_usage(ctx, formatter)
        formatter.indent()
        formatter.write_text(_first_line(self))
        formatter.dedent()
        formatter.write("\n")
        formatter.write(_commands_on_one_screen(COMMANDS, formatter.width))
        formatter.write("\n")
        formatter.write_text("Options: --demo (sample jobs), --token, --endpoint, --debug, --version.")
        formatter.write_text(
            f"'{ctx.command_path} COMMAND --help' explains a command; '{ctx.command_path} help' lists options, topics, "
            "the environment and exit codes."
        )

    def overview(self, ctx: Any) -> str:
        """Return what the screen has no room for: examples, options and topics."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        _write_options(self, ctx, formatter)
        with formatter.section(f"Topics of '{ctx.command_path} help'"):
            formatter.write_dl(TOPICS.items())
        formatter.write_paragraph()
        formatter.write_text(f"'{ctx.command_path} --help' lists the commands; 'help COMMAND' explains one.")
        return _with_bold_headings(renamed(formatter.getvalue(), ctx.obj.program), ctx.obj)


def _with_bold_headings(text: str, session: Session) -> str:
    """Return help with its headings in bold if it is for a terminal with color."""
    if not (terminal.is_terminal(session.stdout) and terminal.has_color(session.stdout, session.environ)):
        return text
    titles = "|".join([*SECTIONS, *SCREEN, "Usage", "Arguments", "Commands", "Examples", "Topics of [^:]*"])
    return re.sub(rf"(^|  )((?:{titles}):)", "\\1\x1b[1m\\2\x1b[0m", text, flags=re.MULTILINE)


def _first_line(command: Any) -> str:
    found: str = (command.help or "").strip().splitlines()[0]
    return found


def _write_options(command: Any, ctx: typer.Context, formatter: Any) -> None:
    """Write the arguments, then the options in sections, all with the same indentation."""
    arguments: list[tuple[str, str]] = []
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        row = param.get_help_record(ctx)
        if row is not None and param.param_type_name == "argument":
            arguments.append(row)
        elif row is not None:
            own = getattr(param, "rich_help_panel", None) or Section.OPTIONS
            title = Section.CONNECTION if "--help" in param.opts else own
            sections.setdefault(title, []).append(row)
    if arguments:
        with formatter.section("Arguments"):
            formatter.write_dl(arguments)
    if len(sections.get(Section.CONNECTION, ())) == 1:  # nothing but --help
        last = sections.pop(Section.CONNECTION)
        sections.setdefault(max(sections, key=SECTIONS.index, default=Section.OPTIONS), []).extend(last)
    terms = [term for rows in sections.values() for term, _ in rows]
    limit = OPTION_WIDTH if formatter.width >= WIDE else OPTION_WIDTH * 2 // 3
    width = max((len(term) for term in terms if len(term) <= limit - 2), default=0)
    for title in sorted(sections, key=SECTIONS.index):
        with formatter.section(title):
            formatter.write_dl([(term.ljust(width), text) for term, text in sections[title]], col_max=width)


def _commands_on_one_screen(commands: Iterable[Command], width: int) -> str:
    """Return the commands in the groups of SCREEN, in two columns of about equal length where there is room."""
    names = {each.name: each.summary.rstrip(".") for each in commands}
    groups = [
        (title, [(shown, text) for shown, text in rows.items() if names.pop(shown.split()[0], None) is not None])
        for title, rows in SCREEN.items()
    ]
    groups[-1][1][-1:-1] = names.items()  # those that SCREEN does not know, before the last one
    name_width = max(len(name) for _, rows in groups for name, _ in rows)
    half = width // 2 if width >= WIDE else width

    def lines(part: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Iterator[str]:
        for place, (title, rows) in enumerate(part):
            yield from [""] * bool(place)
            yield f"{title}:"
            for name, text in rows:
                row = f"  {name:<{name_width}}  {text}"
                yield row if len(row) < half else row[: half - 2] + "…"

    if width < WIDE:
        return "".join(f"{line}\n" for line in lines(groups))
    sizes = [len(rows) + 2 for _, rows in groups]
    split = min(range(1, len(groups)), key=lambda place: max(sum(sizes[:place]), sum(sizes[place:])))
    columns = zip_longest(lines(groups[:split]), lines(groups[split:]), fillvalue="")
    return "".join(f"{left:<{half}}{right}".rstrip() + "\n" for left, right in columns)
