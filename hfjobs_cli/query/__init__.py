"""Parsing of the command line: filters, references, columns, order, times."""
