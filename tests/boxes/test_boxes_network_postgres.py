"""What talks to PostgreSQL, by libpq and without, from a box to a real server, also with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import boxer
from boxer import Network
from tests.boxes.conftest import Boxer
from tests.certificates import Authority, authority
from tests.postgres import postgres

pytestmark = [pytest.mark.base, pytest.mark.network]

HOST = "host.boxer.internal"
DOCKERFILE = """FROM python:3.13-slim
RUN apt-get update && apt-get install -y libpq-dev gcc postgresql-client
RUN pip install psycopg2-binary "psycopg[binary,pool]" asyncpg "sqlalchemy[asyncio]" django
COPY shop /app/shop
WORKDIR /app
CMD ["python", "-c", "import psycopg2, psycopg, psycopg_pool, asyncpg, sqlalchemy"]
"""
# What each program begins with.
BEGUN = """
import os, sys
port = int(sys.argv[1])
where = dict(host="host.boxer.internal", port=port, user="postgres", password="pw")
url = f"postgres:pw@host.boxer.internal:{port}/postgres"
with open("/tmp/ca.pem", "w") as file:
    file.write(os.environ["CA"])
"""
MODELS = """
from django.db import models
class Order(models.Model):
    class Meta: app_label = "shop"
    what = models.TextField(unique=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    when = models.DateTimeField(auto_now_add=True)
    more = models.JSONField(default=dict)
"""


@dataclass(frozen=True)
class Server:
    port: int
    tls: Authority


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    tls = authority(tmp_path_factory.mktemp("authority"))
    with postgres(tls) as port:
        yield Server(port, tls)


@pytest.fixture(scope="module")
def box(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    folder = tmp_path_factory.mktemp("postgres")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "models.py").write_text(MODELS)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", folder / "box.wasm", folder)
    assert made.returncode == 0, made.stderr
    return _loaded(folder / "box.wasm")


def _loaded(path: Path) -> boxer.Box:
    return boxer.load(path)


def printed(box: boxer.Box, server: Server, program: str) -> list[str]:
    result = box.run(
        ["python", "-c", BEGUN + program, str(server.port)],
        env={"CA": server.tls.root.read_text()},
        network=Network(allow=[f"{HOST}:{server.port}"]),
        limits=boxer.Limits(time=100),
    )
    assert result.exit_code == 0, result.stderr.decode()
    return result.stdout.decode().splitlines()


PSYCOPG2 = """
import io, psycopg2, psycopg2.extras, select, threading, datetime, decimal
there = psycopg2.connect(**where, dbname="postgres")
with there, there.cursor() as cursor:
    cursor.execute("create table two (a int primary key, b text, c numeric, d timestamptz)")
    psycopg2.extras.execute_values(cursor, "insert into two values %s",
        [(n, "x" * n, decimal.Decimal(n) / 4, datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)) for n in range(500)])
    cursor.execute("select c, d from two where a = %s", (3,))
    print(*cursor.fetchone())
    text = io.StringIO("".join(f"{n}\\tline {n}\\t\\\\N\\t\\\\N\\n" for n in range(500, 20000)))
    cursor.copy_expert("copy two from stdin", text)
    out = io.StringIO()
    cursor.copy_expert("copy (select a from two where a >= 19998 order by a) to stdout", out)
    print(repr(out.getvalue()))
with there, there.cursor("by_name") as cursor:
    cursor.itersize = 1000
    cursor.execute("select a from two order by a")
    print(sum(row[0] for row in cursor))
try:
    with there, there.cursor() as cursor:
        cursor.execute("insert into two values (1)")
except psycopg2.errors.UniqueViolation as error:
    print(error.pgcode, error.diag.constraint_name)
there.autocommit = True
with there.cursor() as cursor:
    cursor.execute("listen news")
def tell():
    other = psycopg2.connect(**where)
    other.autocommit = True
    other.cursor().execute("notify news, 'hello'")
    other.close()
threading.Timer(0.05, tell).start()
print(select.select([there], [], [], 30)[0] == [there])
there.poll()
print([(notice.channel, notice.payload) for notice in there.notifies])
with there.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
    cursor.execute("select array[1, 2] as list, '{\\"a\\": [1]}'::jsonb as json, null as none, true as yes, '\\\\x00ff'::bytea as raw")
    row = dict(cursor.fetchone())
    print(row["list"], row["json"], row["none"], row["yes"], bytes(row["raw"]))
for mode in ("require", "verify-ca", "verify-full"):
    secured = psycopg2.connect(**where, sslmode=mode, sslrootcert="/tmp/ca.pem")
    print(mode, secured.info.ssl_in_use, secured.info.ssl_attribute("protocol"))
    secured.close()
for options in (dict(sslmode="verify-full", sslrootcert="system"), dict(password="wrong"), dict(dbname="none")):
    try:
        psycopg2.connect(**{**where, **options})
    except psycopg2.OperationalError as error:
        print(str(error).split("port")[-1].split(maxsplit=1)[1].split("failed: ")[-1].strip().splitlines()[0])
"""


def test_psycopg2(box: boxer.Box, server: Server) -> None:
    assert printed(box, server, PSYCOPG2) == [
        "0.75 2024-02-29 00:00:00+00:00",
        r"'19998\n19999\n'",
        str(sum(range(20000))),
        "23505 two_pkey",
        "True",
        "[('news', 'hello')]",
        r"[1, 2] {'a': [1]} None True b'\x00\xff'",
        "require True TLSv1.3",
        "verify-ca True TLSv1.3",
        "verify-full True TLSv1.3",
        "SSL error: certificate verify failed",
        'FATAL:  password authentication failed for user "postgres"',
        'FATAL:  database "none" does not exist',
    ]


PSYCOPG = """
import asyncio, psycopg, threading
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool
print(psycopg.pq.__impl__)
with psycopg.connect(**where, sslmode="verify-full", sslrootcert="/tmp/ca.pem") as there:
    there.execute("create table three (a int, b jsonb)")
    with there.pipeline():
        for number in range(300):
            there.execute("insert into three values (%s, %s)", (number, psycopg.types.json.Jsonb([number])))
    with there.cursor() as cursor, cursor.copy("copy three (a) from stdin") as copy:
        for number in range(300, 5000):
            copy.write_row((number,))
    with there.cursor("by_name", row_factory=dict_row) as cursor:
        cursor.execute("select a, b from three order by a")
        print(cursor.fetchmany(2), sum(row["a"] for row in cursor))
    print(there.pgconn.ssl_in_use, there.execute("select %s::int8[]", ([1, 2**40],), binary=True).fetchone())

done = []
with ConnectionPool(conninfo=f"postgresql://{url}", min_size=2, max_size=4) as pool:
    def work(number):
        with pool.connection() as there:
            there.execute("select pg_sleep(0.02)")
            done.append(there.execute("select %s + 1", (number,)).fetchone()[0])
    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(sorted(done) == list(range(1, 13)), pool.get_stats()["requests_num"])

async def main():
    async with await psycopg.AsyncConnection.connect(**where, autocommit=True) as there:
        await there.execute("listen news")
        async with await psycopg.AsyncConnection.connect(**where, autocommit=True) as other:
            await other.execute("select pg_notify('news', 'hello')")
        async for notice in there.notifies(timeout=30, stop_after=1):
            print(notice.channel, notice.payload)
    async with AsyncConnectionPool(f"postgresql://{url}", min_size=1, max_size=5, open=False) as pool:
        async def one(number):
            async with pool.connection() as there:
                return (await (await there.execute("select %s * 2", (number,))).fetchone())[0]
        print(sum(await asyncio.gather(*map(one, range(30)))))
        async with pool.connection() as there:
            try:
                await asyncio.wait_for(there.execute("select pg_sleep(60)"), 0.3)
            except TimeoutError:
                print("cancelled", there.info.transaction_status.name)
asyncio.run(main())
"""


def test_psycopg(box: boxer.Box, server: Server) -> None:
    assert printed(box, server, PSYCOPG) == [
        "c",
        f"[{{'a': 0, 'b': [0]}}, {{'a': 1, 'b': [1]}}] {sum(range(5000)) - 1}",
        f"True ([1, {2**40}],)",
        "True 12",
        "news hello",
        str(sum(range(30)) * 2),
        "cancelled INERROR",
    ]


ASYNCPG = """
import asyncio, asyncpg, ssl
async def main():
    secure = ssl.create_default_context(cafile="/tmp/ca.pem")
    there = await asyncpg.connect(**where, database="postgres", ssl=secure)
    await there.execute("create table four (a int, b text)")
    await there.copy_records_to_table("four", records=[(n, str(n)) for n in range(3000)])
    async with there.transaction():
        print(sum([row["a"] async for row in there.cursor("select a from four")]))
    heard = asyncio.get_running_loop().create_future()
    await there.add_listener("news", lambda *told: heard.set_result(told[3]))
    async with asyncpg.create_pool(f"postgresql://{url}", min_size=1, max_size=4) as pool:
        await pool.execute("select pg_notify('news', 'hello')")
        print(await heard, sum(await asyncio.gather(*(pool.fetchval("select $1::int", n) for n in range(20)))))
    await there.close()
    try:
        await asyncpg.connect(**where, ssl=True)
    except ssl.SSLCertVerificationError as error:
        print(error.verify_code > 0)
asyncio.run(main())
"""


def test_asyncpg(box: boxer.Box, server: Server) -> None:
    lines = printed(box, server, ASYNCPG)
    assert lines == [str(sum(range(3000))), f"hello {sum(range(20))}", "True"]


SQLALCHEMY = """
import asyncio
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import create_async_engine
class Base(orm.DeclarativeBase): pass
class Thing(Base):
    __tablename__ = "things"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
for driver in ("psycopg2", "psycopg"):
    secured = {"sslmode": "verify-full", "sslrootcert": "/tmp/ca.pem"}
    engine = sa.create_engine(f"postgresql+{driver}://{url}", connect_args=secured)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all(Thing(name=f"thing {n}") for n in range(100))
        session.commit()
        print(driver, session.scalar(sa.select(sa.func.count(Thing.id)).where(Thing.name.like("%9"))))
    engine.dispose()
async def main():
    for driver in ("asyncpg", "psycopg"):
        engine = create_async_engine(f"postgresql+{driver}://{url}")
        async with engine.begin() as there:
            print(driver, (await there.execute(sa.select(sa.func.max(Thing.id)))).scalar())
        await engine.dispose()
asyncio.run(main())
"""


def test_sqlalchemy(box: boxer.Box, server: Server) -> None:
    lines = printed(box, server, SQLALCHEMY)
    assert lines == ["psycopg2 10", "psycopg 10", "asyncpg 100", "psycopg 100"]


DJANGO = """
import django
from django.conf import settings
options = {"sslmode": "require"}
settings.configure(USE_TZ=True, INSTALLED_APPS=["shop"], DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": where["host"], "PORT": port, "NAME": "postgres",
    "USER": "postgres", "PASSWORD": "pw", "OPTIONS": options}})
django.setup()
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.models import F, Sum
from shop.models import Order
with connection.schema_editor() as editor:
    editor.create_model(Order)
Order.objects.bulk_create(Order(what=f"w{n}", price=n, more={"n": n}) for n in range(50))
Order.objects.filter(more__n__gt=40).update(price=F("price") + 1)
print(is_psycopg3, Order.objects.aggregate(Sum("price"))["price__sum"], Order.objects.get(more__n=7).what)
try:
    with transaction.atomic():
        Order.objects.create(what="w1", price=1)
except django.db.IntegrityError as error:
    print(type(error.__cause__).__name__)
with connection.schema_editor() as editor:
    editor.delete_model(Order)
"""


@pytest.mark.parametrize(("driver", "three"), [("psycopg", True), ("psycopg2", False)])
def test_django(box: boxer.Box, server: Server, driver: str, three: bool) -> None:
    hidden = "" if three else "sys.modules['psycopg'] = None\n"
    lines = printed(box, server, hidden + DJANGO)
    assert lines == [f"{three} {sum(range(50)) + 9}.00 w7", "UniqueViolation"]
