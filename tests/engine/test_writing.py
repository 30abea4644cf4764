"""Functions that are written at their first call."""

from gradmagic.engine.writing import at_first_call, function_from


def test_a_function_is_written_once_at_its_first_call_and_stays_the_same_object():
    written = []

    def write():
        written.append("once")
        return function_from(
            "def twice(x, *, more=0):\n    return factor * x + more\n", "twice", "a test", {"factor": 2}
        )

    twice = at_first_call(write)
    held = twice
    assert not written
    assert [held(3), held(4, more=1), twice(5)] == [6, 9, 10]
    assert written == ["once"]
