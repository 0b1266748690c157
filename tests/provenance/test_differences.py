"""Differences by themselves, for whatever words a command has."""

from hypothesis import given
from hypothesis import strategies as st

from hfjobs_cli.insight.differences import differences
from hfjobs_cli.models.job import JobInfo
from tests.support import NOW

WORDS = st.lists(
    st.sampled_from(["a", "b", "--x", "--token", "", "it's", "x y " * 20, "x y " * 20 + "z", "p\nq\n" * 20])
)


def job(words: list[str]) -> JobInfo:
    status, owner = {"stage": "COMPLETED"}, {"name": "x"}
    return JobInfo.from_api({"id": "a", "command": words, "environment": {}, "status": status, "owner": owner})


@given(WORDS, WORDS)
def test_the_same_words_and_no_others_are_no_difference(a: list[str], b: list[str]) -> None:
    found = differences(job(a), job(b), NOW)
    assert bool(found) == (a != b)
    assert all(each.field.startswith("command[") for each in found)


@given(WORDS, WORDS)
def test_what_follows_an_option_for_a_secret_is_not_shown(a: list[str], b: list[str]) -> None:
    secret = [["--api-key", f"sesame{number}", *words] for number, words in enumerate((a, b))]
    found = differences(job(secret[0]), job(secret[1]), NOW)
    assert found
    assert not any("sesame" in (value or "") for each in found for value in (each.a, each.b))
