"""The commands of `hfjobs uv`."""
