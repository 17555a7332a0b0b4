"""See cryptography."""


def default_backend() -> None:
    raise NotImplementedError
