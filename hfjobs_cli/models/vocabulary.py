"""Words of the Jobs API, and of the options that take them. Help and completion need only this light module."""

ACTIVE_STAGES = ("RUNNING", "SCHEDULING")
FINISHED_STAGES = ("COMPLETED", "ERROR", "CANCELED", "DELETED")
STAGES = ACTIVE_STAGES + FINISHED_STAGES
"""The stages that the Hub's `stage` parameter accepts; responses may contain others."""

STAGE_WORDS = {
    "failed": "ERROR",
    "cancelled": "CANCELED",
    "succeeded": "COMPLETED",
    "success": "COMPLETED",
    "done": "COMPLETED",
    "queued": "SCHEDULING",
    "pending": "SCHEDULING",
}
"""Other tools' names for stages, accepted wherever a stage is."""

SCHEDULED_JOB = "scheduled-job"
"""The initiator type of runs of schedules."""

INITIATOR_TYPES = ("user", "org", SCHEDULED_JOB, "duplicated-job", "webhook")
"""The initiator types that the Hub documents; responses may contain others."""

UNKNOWN_TYPE = "unknown"
"""The type of an initiator without one."""

NO_INITIATOR = "none"
"""Matches jobs without an initiator."""

ACTIVE, SUSPENDED = SCHEDULE_STATES = ("active", "suspended")
"""The states of a schedule."""

DUPLICATED_FROM = "duplicated-from"
"""The label with the id of the job that a changed copy was made from. The Hub does not record it."""

QUIET_NAME = "quiet"
"""The format of `hf jobs` that corresponds to `-q`."""

PERIODS = ("hour", "day", "week", "month")
"""Periods by which a report can group jobs."""

FIGURES_OF_GROUPS = ("waited", "cost", "cost_usd", "cost_is_estimated")
"""Fields that jobs and groups both have. Groups have a sum or median, so jobs cannot be grouped by them."""

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
"""What help lists for `--by`. A report can also group by any other column."""

OUT_OF_MEMORY, TIMEOUT, EXIT_CODE, FAILED = "out-of-memory", "timeout", "exit-code", "failed"
NO_CREDITS, NO_SUBSCRIPTION, RESOURCE_GROUP_LIMIT = "no-credits", "no-subscription", "resource-group-limit"
CANCELED, DELETED = "canceled", "deleted"

REASONS = (
    OUT_OF_MEMORY,
    TIMEOUT,
    EXIT_CODE,
    FAILED,
    CANCELED,
    NO_CREDITS,
    NO_SUBSCRIPTION,
    RESOURCE_GROUP_LIMIT,
    DELETED,
)
"""Why a job ended, in a word. Newer words of the Hub are converted: `Evicted` becomes `evicted`."""

HUB_WORDS = {
    OUT_OF_MEMORY: "OOMKilled",
    EXIT_CODE: "Error",
    NO_CREDITS: "NO_CREDITS",
    NO_SUBSCRIPTION: "NO_SUBSCRIPTION",
    RESOURCE_GROUP_LIMIT: "RESOURCE_GROUP_LIMIT",
}
"""The Hub's words for reasons. Filters accept them too."""
