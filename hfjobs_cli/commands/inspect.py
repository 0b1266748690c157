"""`hfjobs inspect`."""

from hfjobs_cli import options
from hfjobs_cli.columns import choose_columns
from hfjobs_cli.errors import ExitCode, HfJobsError
from hfjobs_cli.models import JobInfo
from hfjobs_cli.references import parse_references
from hfjobs_cli.renderers import RENDERERS, choose_renderer
from hfjobs_cli.session import Session


def inspect(
    session: Session,
    jobs: options.Jobs,
    format_: options.Format = None,
    json: options.Json = False,
    no_trunc: options.NoTrunc = False,
    namespace: options.Namespace = None,
) -> ExitCode:
    """Show everything about jobs, as a JSON array.

    The objects are those of 'ps --format json'. All jobs are fetched at once and shown in the order given; those
    that exist are shown even if others do not.

    \b
    Examples:
      hfjobs inspect 6a01d697aff1cd33e8f33a64
      hfjobs inspect alice/6a01d697aff1cd33e8f33a64
      hfjobs inspect https://huggingface.co/jobs/alice/6a01d697aff1cd33e8f33a64
      hfjobs inspect --format table 6a01d697aff1cd33e8f33a64 6a01c8c2aff1cd33e8f339d4
      hfjobs ps -q | hfjobs inspect -
    """
    renderer = choose_renderer(format_, json=json, default=RENDERERS["json"])
    references = parse_references(jobs, session.stdin, namespace, session.settings.endpoint)

    results = session.client.inspect_jobs(references)

    found = [result for result in results if isinstance(result, JobInfo)]
    failures = [result for result in results if isinstance(result, HfJobsError)]
    renderer.render(found, session.view(choose_columns(None, initiator=True), full=no_trunc, indent=4))
    session.flush()
    if not references:
        session.remark("stdin named no jobs")
    session.report(*failures)
    return failures[0].exit_code if failures else ExitCode.DONE
