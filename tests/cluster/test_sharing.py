"""Who does what next: own groups first, shared ones at the end; and how a cluster is divided."""

import pytest

from ecoflap.cluster.cluster import Size, size
from ecoflap.cluster.sharing import Job, Sharing
from ecoflap.errors import EcoflapError
from ecoflap.types import Loading


def jobs(**groups):
    return [Job(f"{group}{number}", group) for group, count in groups.items() for number in range(count)]


def taken(sharing, *workers):
    return [job and job.key for job in map(sharing.next_for, workers)]


def test_workers_keep_to_groups_of_their_own_and_share_the_last():
    sharing = Sharing(jobs(a=2, b=4))
    assert taken(sharing, 1, 2, 1) == ["a0", "b0", "a1"]
    assert taken(sharing, 1, 2, 1, 2) == ["b1", "b2", "b3", None]
    assert len(sharing) == 0


def test_a_third_worker_helps_where_most_is_left():
    sharing = Sharing(jobs(a=2, b=3))
    assert taken(sharing, 1, 2, 3, 3) == ["a0", "b0", "b1", "b2"]


def test_any_value_names_a_group():
    sharing = Sharing([Job("dense", None), Job("point", 0)])
    assert taken(sharing, "w", "w", "w") == ["dense", "point", None]


def test_what_is_given_back_comes_next_and_its_group_is_nobodys():
    sharing = Sharing(jobs(a=3, b=1))
    first = [sharing.next_for(1), sharing.next_for(1)]
    sharing.give_back(1, first)
    assert taken(sharing, 2, 3, 2, 2) == ["a0", "b0", "a1", "a2"]


CPU, GPU = {"CPU": 8.0}, {"CPU": 16.0, "GPU": 4.0}


@pytest.mark.parametrize(
    ("machines", "loading", "threads", "wanted", "expected"),
    [
        ([CPU, CPU], Loading("cpu"), 8, None, Size(2, 8)),
        ([CPU, CPU], Loading("cpu"), 1, None, Size(16, 1)),
        ([CPU, {"CPU": 3.0}], Loading("cpu"), 2, None, Size(5, 2)),
        ([CPU], Loading("cpu"), 8, 2, Size(2, 4)),
        ([CPU], Loading("cpu"), 2, 3, Size(3, 2)),
        ([{"CPU": 1.0}], Loading("cpu"), 8, None, Size(1, 1)),
        ([{"CPU": 2.0}], Loading("cpu"), 1, 9, Size(2, 1)),
        ([CPU, GPU, GPU], Loading(), 8, None, Size(8, 8, 1)),
        ([GPU], Loading("cuda:1"), 8, 2, Size(2, 8, 1)),
        ([GPU, GPU], Loading(device_map="auto"), 8, None, Size(2, 8, 4)),
        ([GPU], Loading("cpu"), 8, None, Size(2, 8)),
    ],
)
def test_workers_have_the_threads_of_one_process_or_a_gpu(machines, loading, threads, wanted, expected):
    assert size(machines, loading, threads, wanted) == expected


def test_a_cluster_without_processors_has_no_room():
    with pytest.raises(EcoflapError, match="None of the 1 machines"):
        size([{"memory": 1.0}], Loading("cpu"), 1)
