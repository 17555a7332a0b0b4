"""Which application a command serves."""

from __future__ import annotations

import pytest

from boxer.errors import ServeError
from boxer.serving import application_of


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("gunicorn app:app", "app:app"),
        ("gunicorn -w 4 -b 0.0.0.0:8000 shop.wsgi:application", "shop.wsgi:application"),
        ("gunicorn --bind=:80 --reload app:create_app()", "app:create_app()"),
        ("gunicorn --preload app", "app"),
        ("/usr/local/bin/uvicorn main:app --host 0.0.0.0 --port 80", "main:app"),
        ("uvicorn --factory main:create", "main:create()"),
        ("python -m uvicorn main:app", "main:app"),
        ("python3 -u -m hypercorn -k asyncio main:app", "main:app"),
        ("sh|-c|exec gunicorn app:app", "app:app"),
        ("uv run gunicorn app:app", "app:app"),
        ("daphne -b 0.0.0.0 site.asgi:application", "site.asgi:application"),
        ("waitress-serve --port=8041 app:app", "app:app"),
        ("flask run --host=0.0.0.0", "app"),
        ("flask --app hello run", "hello"),
        ("python -m flask --app=pkg/web.py run", "pkg.web"),
        ("fastapi run app/main.py --port 80", "app.main"),
        ("fastapi run", "main"),
        ("functions-framework --target hello", "main:hello"),
        ("python src/server.py", "src.server"),
        ("python -m aiohttp.web -H 0.0.0.0 -P 8080 shop.web:make", "shop.web:make()"),
        ("python -m bottle -b 0.0.0.0:80 shop:app", "shop:app"),
        ("litestar run --host 0.0.0.0", "app"),
        ("litestar --app shop:make() run", "shop:make()"),
        ("python manage.py runserver 0.0.0.0:8000", "site.wsgi:application"),
    ],
)
def test_a_servers_command_names_its_application(command: str, found: str) -> None:
    words = command.split("|") if "|" in command else command.split()
    assert application_of(words, [], ["app.py", "main.py", "site/wsgi.py"]) == found


def test_flask_asks_the_environment_first() -> None:
    assert application_of(["flask", "run"], ["FLASK_APP=web:make()"], ["app.py"]) == "web:make()"


@pytest.mark.parametrize(
    "command",
    ["", "nginx -g daemon", "gunicorn", "gunicorn -w 4", "flask run", "python -c pass",
     "uvicorn ../x", "gunicorn app:app;rm", "celery -A app worker", "fastapi run"],
)  # fmt: skip
def test_a_command_that_names_none_is_an_error(command: str) -> None:
    with pytest.raises(ServeError):
        application_of(command.split(), [], [])
