"""Computed from several responses: costs, lineage, differences, reports, summaries."""
