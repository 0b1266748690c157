"""`hfjobs inspect`."""

from typing import Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import open_snapshot, saved_jobs
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._resolve import named_jobs
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.formats.renderer import RENDERERS, RecordStream


def inspect(
    session: Session,
    jobs: options.JobsOrAll = None,
    *,
    sort: options.Sort = None,
    output: Annotated[options.Output, "job", "initiator"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Show all details of jobs, as a JSON array.

    The objects are those of 'ps --format json'. Jobs are fetched in parallel and shown in the order given; if some do
    not exist, the others are still shown.

    --from looks the jobs up in saved output, or shows all of it. --format command prints the command line that starts a
    job again.

    \b
    Examples:
      hfjobs inspect 6a01d697aff1cd33e8f33a64
      hfjobs inspect alice/6a01d697aff1cd33e8f33a64
      hfjobs inspect https://huggingface.co/jobs/alice/6a01d697aff1cd33e8f33a64
      hfjobs inspect --format table 6a01d697aff1cd33e8f33a64 6a01c8c2aff1cd33e8f339d4
      hfjobs inspect --format command @latest
      hfjobs ps -q | hfjobs inspect -
      hfjobs inspect --from jobs.jsonl @failed
    """
    listing = Listing(session, output, default=RENDERERS["json"], sort=sort, indent=4)
    if from_ is not None:
        snapshot = open_snapshot(session, from_)
        if jobs is None:
            listing.show(RecordStream(job for page in snapshot.pages(namespace) for job in page.jobs))
        else:
            listing.show_results(saved_jobs(session, snapshot, jobs, namespace))
        return ExitCode.DONE
    if jobs is None:
        raise UsageError("missing argument '[NAMESPACE/]JOB...'", hint="see 'hfjobs inspect --help'")
    references = named_jobs(session, jobs, namespace)

    listing.show_results(session.client.inspect_jobs(references))
    return ExitCode.DONE
