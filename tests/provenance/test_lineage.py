"""Lineage by itself, for whatever jobs there may be: circles, gone ancestors, orphans, chains without end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfjobs_cli.insight.lineage import Lineage, Parent, parent_of, time_of_id
from hfjobs_cli.models.job import JobInfo
from tests.support import NOW

SCHEDULE = "69c4179671691dc46f166314"


def job(id_: str, *, by: dict[str, Any] | None = None, label: str | None = None, age: int | None = 0) -> JobInfo:
    created = None if age is None else (NOW - timedelta(hours=age)).isoformat()
    sent: dict[str, Any] = {"id": id_, "createdAt": created, "status": {"stage": "COMPLETED"}, "owner": {"name": "x"}}
    sent["initiator"] = by
    sent["labels"] = {} if label is None else {"duplicated-from": label}
    return JobInfo.from_api(sent)


def copy_of(id_: str) -> dict[str, Any]:
    return {"type": "duplicated-job", "id": id_}


WHO = st.sampled_from([*"abcdefgh", "gone"])
INITIATORS = st.one_of(
    st.none(),
    st.builds(copy_of, WHO),
    st.just({"type": "duplicated-job"}),
    st.just({"type": "scheduled-job", "id": SCHEDULE}),
    st.just({"type": "webhook"}),
    st.just({"type": "user", "id": "1", "name": "alice"}),
    st.just({"type": "comet", "id": "c"}),
    st.just({}),
)
JOBS = st.lists(
    st.builds(job, WHO, by=INITIATORS, label=st.none() | WHO | st.just(""), age=st.none() | st.integers(0, 9)),
    max_size=9,
)


class TestWhateverJobsThereAre:
    """Every job is in one tree, once, below what it came from."""

    @given(JOBS)
    def test_a_forest_holds_each_job_once(self, jobs: list[JobInfo]) -> None:
        lineage = Lineage(jobs)
        found = lineage.forest([each.id for each in jobs], NOW)
        ids = [each.id for each in found]
        assert len(ids) == len(set(ids))
        assert {each.id for each in jobs} <= set(ids)
        for place, each in enumerate(found):
            if each.generation:
                above = next(other for other in found[place::-1] if other.generation == each.generation - 1)
                assert above.id == each.parent
            else:
                assert each.parent is None

    @given(JOBS, WHO)
    def test_a_family_is_what_is_above_and_below(self, jobs: list[JobInfo], asked: str) -> None:
        lineage = Lineage([*jobs, job(asked)])
        whole = [each.id for each in lineage.family(asked, NOW)]
        up = [each.id for each in lineage.family(asked, NOW, up=True)]
        down = [each.id for each in lineage.family(asked, NOW, down=True)]
        both = [each.id for each in lineage.family(asked, NOW, up=True, down=True)]
        assert up[::-1] == [asked, *lineage.ancestors(asked)]
        assert both == up + down[1:]
        assert set(both) <= set(whole)
        assert len(whole) == len(set(whole))
        assert down[0] == asked
        assert all(asked in lineage.ancestors(each) for each in down[1:])

    @given(JOBS, WHO, st.integers(0, 4))
    def test_depth_counts_from_the_one_asked_for(self, jobs: list[JobInfo], asked: str, depth: int) -> None:
        found = Lineage([*jobs, job(asked)]).family(asked, NOW, depth=depth)
        (own,) = [each.generation for each in found if each.is_asked]
        assert all(abs(each.generation - own) <= depth for each in found)


class TestParent:
    """A job has one parent."""

    def test_label_counts_before_the_initiator(self) -> None:
        assert parent_of(job("b", by=copy_of("c"), label="a")) == Parent("job", "a", "override")

    def test_duplicate(self) -> None:
        assert parent_of(job("b", by=copy_of("a"))) == Parent("job", "a", "duplicate")

    def test_what_started_it_otherwise(self) -> None:
        schedule = parent_of(job("b", by={"type": "scheduled-job", "id": SCHEDULE, "name": "odd"}))
        assert schedule is not None
        assert schedule.key == f"scheduled-job:{SCHEDULE}"
        person = parent_of(job("b", by={"type": "user", "id": "1", "name": "alice"}))
        assert person is not None
        assert person.key == "user:alice"
        assert parent_of(job("b")) is None


class TestCircles:
    """A circle in the data ends at its oldest job."""

    def test_of_two(self) -> None:
        lineage = Lineage([job("a", by=copy_of("b"), age=2), job("b", by=copy_of("a"), age=1)])
        assert [(each.id, each.note, each.generation) for each in lineage.family("b", NOW)] == [
            ("a", "circle", 0),
            ("b", None, 1),
        ]

    def test_of_one(self) -> None:
        (only,) = Lineage([job("a", label="a")]).family("a", NOW)
        assert (only.id, only.note) == ("a", "circle")


def test_what_is_gone_is_a_root() -> None:
    found = Lineage([job("b", by=copy_of("a")), job("c", label="a", age=1)]).family("c", NOW)
    assert [(each.id, each.note, each.link) for each in found] == [
        ("a", "gone", None),
        ("b", None, "duplicate"),
        ("c", None, "override"),
    ]


def test_what_was_not_looked_for_may_be_there() -> None:
    found = Lineage([job("b", by=copy_of("a"))], unread=["a"]).family("b", NOW)
    assert [(each.id, each.note) for each in found] == [("a", "not read"), ("b", None)]


def test_other_jobs_of_a_person_are_no_family() -> None:
    alice = {"type": "user", "id": "1", "name": "alice"}
    found = Lineage([job("a", by=alice), job("b", by=alice), job("c", by=copy_of("a"))]).family("c", NOW)
    assert [each.id for each in found] == ["user:alice", "a", "c"]


def test_there_may_be_more_generations_than_python_recurses() -> None:
    jobs = [job(f"{number}", by=copy_of(f"{number - 1}"), age=9000 - number) for number in range(5000)]
    found = Lineage(jobs).family("2500", NOW)
    assert [each.generation for each in found] == list(range(5001))


def test_ids_tell_when_something_was_made() -> None:
    moment = time_of_id("693994e21a39f67af5a41ad0")
    assert moment is not None
    assert moment.isoformat() == "2025-12-10T15:42:26+00:00"
    assert time_of_id("z" * 24) is None
    assert time_of_id("12") is None
