"""Text utilities: escaping, widths, formatting and matching. Nothing here knows about jobs."""
