"""What `hfjobs help` explains: pages of Markdown in `hfjobs_cli/help`, and schemas, which are made."""

TOPICS = {
    "formatting": "formats, columns, and output for programs",
    "templates": "Go templates for --format",
    "filters": "which jobs are listed, and in what order",
    "references": "how a job is named",
    "exit-codes": "what each exit code means",
    "environment": "settings, and where the token comes from",
    "emulator": "a Jobs API on this machine",
    "agents": "one page for programs that call hfjobs",
    "schema": "the JSON Schema of what --format json prints",
}
"""Every topic, and what it is about."""
