"""How sources of the Open POSIX Test Suite are corrected."""

from __future__ import annotations

from tests.posix.prototypes import corrected


def test_a_threads_function_takes_a_pointer() -> None:
    text = "void *run()\n{\n}\nint main() { pthread_create(&t, NULL, run, NULL); }"
    assert "void *run(void *unused_)\n" in corrected(text)
    assert "int main()" in corrected(text)


def test_a_signal_handler_takes_a_number() -> None:
    text = "void handler(void);\nvoid other(void);\nact.sa_handler = handler;"
    assert corrected(text).startswith("void handler(int unused_);\nvoid other(void);")


def test_what_takes_a_parameter_stays() -> None:
    text = "void *run(void *given);\npthread_create(&t, &a, run, &x);"
    assert corrected(text) == text
