"""Parse options: filters, references, columns, sort order, labels, cron expressions."""
