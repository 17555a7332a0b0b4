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
        async for notice in there.notifies(timeout=300, stop_after=1):
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
