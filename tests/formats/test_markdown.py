"""`--format markdown`: a table to be pasted."""

import json

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, Hfjobs, Hub, Result


@pytest.mark.parametrize("columns", [None, 40])
def test_is_the_same_everywhere(either: Hfjobs, columns: int | None) -> None:
    """Nothing is cut or colored, and times are exact, as it is read somewhere else."""
    argv = (
        "inspect",
        BY_HAND,
        BY_SCHEDULE,
        "--format",
        "markdown",
        "--columns",
        "id,name,created,status,runtime,message",
    )
    assert either(*argv, columns=columns) == Result(
        0,
        "| JOB ID | NAME | CREATED | STATUS | RUNTIME | MESSAGE |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"| {BY_HAND} | classify-cards | 2026-05-11T13:16:07Z | COMPLETED | 59m30s |  |\n"
        f"| {BY_SCHEDULE} | refresh-index | 2026-05-11T12:17:06Z | COMPLETED | 6m43s |  |\n",
        "",
    )


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("**b** _i_ ~~s~~ `c`", r"\*\*b\*\* \_i\_ \~\~s\~\~ \`c\`"),
        ("<img src=x onerror=y>", r"\<img src=x onerror=y\>"),
        ("[x](https://e) ![](y)", r"\[x\](https://e) \!\[\](y)"),
        ("&lt; #1 $x$", r"\&lt; \#1 \$x\$"),
        ("two\nlines\r\t\x1b[31m", r"two\\nlines\\r\\t\\x1b\[31m"),
        ("a\u202eb", r"a\\u202eb"),
        ("日本 🚀", "日本 🚀"),
    ],
)
def test_what_would_be_markup_is_text(hfjobs: Hfjobs, hub: Hub, name: str, cell: str) -> None:
    id_ = hub.add(labels={"name": name})
    result = hfjobs("inspect", id_, "--format", "markdown", "--columns", "name")
    assert result == Result(0, f"| NAME |\n| --- |\n| {cell} |\n", "")


def test_no_job_leaves_the_header(hfjobs: Hfjobs) -> None:
    result = hfjobs("ps", "-a", "--name", "nope", "--format", "markdown", "--columns", "id,name")
    assert result == Result(0, "| JOB ID | NAME |\n| --- | --- |\n", "no jobs match\n")


def test_a_failure_leaves_nothing_or_whole_rows(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.replies(400, '{"error": "no"}')
    assert hfjobs("ps", "--namespace", "x", "--format", "markdown").stdout == ""
    hub.replies(200, json.dumps([hub.job(id="aa")]), {"Link": '</api/jobs/x?cursor=2>; rel="next"'})
    hub.replies(400, '{"error": "no"}')
    result = hfjobs("ps", "-a", "--namespace", "x", "--format", "markdown", "--columns", "id")
    assert (result.code, result.stdout) == (1, "| JOB ID |\n| --- |\n| aa |\n")
