"""The words of the Jobs API and of the options that take them. Light to import: help and completion need no more."""

ACTIVE_STAGES = ("RUNNING", "SCHEDULING")
FINISHED_STAGES = ("COMPLETED", "ERROR", "CANCELED", "DELETED")
STAGES = ACTIVE_STAGES + FINISHED_STAGES
"""Every stage the Hub's `stage` parameter accepts; answers may hold others."""

STAGE_WORDS = {
    "failed": "ERROR",
    "cancelled": "CANCELED",
    "succeeded": "COMPLETED",
    "success": "COMPLETED",
    "done": "COMPLETED",
    "queued": "SCHEDULING",
    "pending": "SCHEDULING",
}
"""What other tools call a stage, which is understood wherever one is asked for."""

SCHEDULED_JOB = "scheduled-job"
"""The initiator type of runs of schedules."""

INITIATOR_TYPES = ("user", "org", SCHEDULED_JOB, "duplicated-job", "webhook")
"""The initiator types that the Hub documents; responses may contain others."""

UNKNOWN_TYPE = "unknown"
"""How an initiator without a type is spelled."""

NO_INITIATOR = "none"
"""How a job that nothing is known to have started is asked for."""

ACTIVE, SUSPENDED = SCHEDULE_STATES = ("active", "suspended")
"""Where a schedule may stand."""

ARCHES = ("amd64", "arm64")
"""The CPU architectures that a job may ask for."""

DUPLICATED_FROM = "duplicated-from"
"""The label by which a job says from which it was made, where the Hub cannot know it."""

QUIET_NAME = "quiet"
"""The format that `hf jobs` has in place of `-q`."""

PERIODS = ("hour", "day", "week", "month")
"""Times by which a report can group jobs."""

FIGURES_OF_GROUPS = ("waited", "cost", "cost_usd", "cost_is_estimated")
"""Fields of a job that a group of jobs has too, as a sum or a median: jobs cannot be grouped by them."""

GROUPED_BY = (
    "initiator",
    "initiator-type",
    "flavor",
    "name",
    "image",
    "owner",
    "status",
    "reason",
    "exit_code",
    *PERIODS,
    "label.KEY",
    "env.KEY",
)
"""What is worth listing of what a report groups jobs by, which may be every column, too."""
