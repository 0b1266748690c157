"""The pages of `hfjobs help`, in Markdown. What is generated in them is checked by `tests/test_docs.py`."""
