"""Time to quality: which points count, and that both trainings are measured on the way."""

from benchmarks.quality import time_to_quality


def test_time_to_quality_counts_sharp_points_only():
    blurred = {"seconds": 60, "parzen": 230.0, "sharp": False}
    sharp = {"seconds": 120, "parzen": 216.0, "sharp": True}
    found = time_to_quality.summary([blurred, sharp])
    assert found["seconds_to"] == {"215": 120, "225": None}
    assert found["best_sharp"] == sharp
    assert found["best"] == blurred


def test_both_trainings_are_measured_on_the_way():
    ours = list(time_to_quality.our_training(0, every=15, samples=50, steps=30, batch=10))
    assert [point["steps"] for point in ours] == [15, 30]
    theirs = list(time_to_quality.peer_training(0.02, 0.01, samples=50))
    assert theirs[-1]["seconds"] >= 0.02
    assert {"parzen", "total_variation", "sharp", "steps"} <= ours[0].keys() & theirs[0].keys()
