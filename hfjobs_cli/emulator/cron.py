"""When a schedule is due. All times are in UTC."""

from datetime import datetime

from cronsim import CronSim, CronSimError

from hfjobs_cli.emulator.wire import ApiError

_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def next_run(schedule: str, after: datetime) -> datetime:
    """Return the first moment after `after` at which a schedule is due.

    Five fields are those of cron; a sixth, of seconds, stands before them. Raises ApiError for a schedule that makes no
    sense, is never due, or has a seventh field, which the emulator does not know.
    """
    try:
        return next(CronSim(_ALIASES.get(schedule, schedule), after))
    except (CronSimError, ValueError) as error:  # a number of more digits than Python reads
        raise ApiError(400, f"schedule: {error}") from None
    except StopIteration:
        raise ApiError(400, "schedule: it is never due") from None
