"""What a status that is neither 2xx nor worth another try means to the user: refused, if it is 4xx, or no answer."""

from http import HTTPStatus

from hfjobs_cli.errors import (
    BadResponse,
    Conflict,
    HfJobsError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    NotRunning,
    RequestRefused,
)


def refusal(status: int, said: str, context: str, token_source: str) -> HfJobsError:
    """Return the error for a `status`: what the server `said`, to which request (`context`), and the next step."""
    if status == HTTPStatus.UNAUTHORIZED:
        return NotLoggedIn(
            f"the Hub does not accept the token from {token_source}: {said} ({context})",
            hint=_other_token(token_source),
        )
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowed(
            f"the token from {token_source} may not do this: {said} ({context})",
            hint="see what it may do at https://huggingface.co/settings/tokens",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{said} ({context})")
    if status == HTTPStatus.NOT_ACCEPTABLE:  # so the Hub says it of a job's metrics
        return NotRunning(f"the job is not running: {said} ({context})")
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return RequestRefused(
            f"payment required: {said} ({context})",
            hint="add credits at https://huggingface.co/settings/billing, or in the organisation's settings",
        )
    if status == HTTPStatus.CONFLICT:
        return Conflict(f"the Hub refused: {said} ({context})")
    if 400 <= status < 500:
        return RequestRefused(f"the Hub refused: {said} ({context})")
    # Whoever redirects may have done before what was asked of it, and says so with a 303; and what else there is comes
    # from no Hub.
    if 300 <= status < 400:
        return BadResponse(f"the Hub redirects, which is not followed here: {said} ({context})", "check HF_ENDPOINT")
    return BadResponse(f"unexpected answer from the Hub: {said} ({context})")


def _other_token(source: str) -> str:
    """Return what to do about a token that is not accepted: what comes first counts, whatever comes behind it."""
    if source.startswith("the file "):
        return "log in with 'hf auth login', or set HF_TOKEN"
    what_else = "that of 'hf auth login'" if source != "--token" else "HF_TOKEN or that of 'hf auth login'"
    verb = "leave --token out" if source == "--token" else f"unset {source}"
    return f"give one that is valid, or {verb} to use {what_else}"
