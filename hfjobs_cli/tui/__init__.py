"""Live screens: their content, painting and keys."""
