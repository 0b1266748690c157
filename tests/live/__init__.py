"""The screens that live, on a pseudo-terminal."""
