import io, psycopg2, psycopg2.extras, select, threading, datetime, decimal
there = psycopg2.connect(**where, dbname="postgres")
with there, there.cursor() as cursor:
    cursor.execute("create table two (a int primary key, b text, c numeric, d timestamptz)")
    psycopg2.extras.execute_values(cursor, "insert into two values %s",
        [(n, "x" * n, decimal.Decimal(n) / 4, datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)) for n in range(500)])
    cursor.execute("select c, d from two where a = %s", (3,))
    print(*cursor.fetchone())
    text = io.StringIO("".join(f"{n}\tline {n}\t\\N\t\\N\n" for n in range(500, 20000)))
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
print(select.select([there], [], [], 90)[0] == [there])
there.poll()
print([(notice.channel, notice.payload) for notice in there.notifies])
with there.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
    cursor.execute("select array[1, 2] as list, '{\"a\": [1]}'::jsonb as json, null as none, true as yes, '\\x00ff'::bytea as raw")
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
