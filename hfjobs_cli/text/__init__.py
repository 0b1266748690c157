"""Text utilities: display, redaction, values and JSON. They know nothing about jobs."""
