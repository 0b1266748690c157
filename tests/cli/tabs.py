"""What a shell is told when TAB is pressed."""

from tests.support import TOKEN, Hfjobs, Hub, Result


def complete(line: str, environ: dict[str, str], shell: str = "fish", secs: float = 30.0) -> Result:
    """Return what a shell is told when TAB is pressed behind `line`, for which the Hub has so many seconds."""
    asked = {"_HFJOBS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    return Hfjobs({**environ, **asked, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, completion_secs=secs)()


def offered(line: str, environ: dict[str, str]) -> list[str]:
    """Return the words offered behind `line`, without their help."""
    code, stdout, stderr = complete(line, environ)
    assert (code, stderr) == (0, "")
    return [row.partition("\t")[0] for row in stdout.splitlines() if row]


def logged_in(environ: dict[str, str], hub: Hub) -> dict[str, str]:
    """Return the environment of somebody who is logged in to a Hub."""
    return {**environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}
