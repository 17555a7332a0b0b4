import asyncio
import time

import aiosqlite
from prometheus_client import Counter, generate_latest, start_http_server

ORDERS = Counter("orders", "Orders that were kept")


async def keep(database, count):
    await database.execute("CREATE TABLE orders (number INTEGER)")
    await database.executemany("INSERT INTO orders VALUES (?)", [(n,) for n in range(count)])
    await database.commit()
    ORDERS.inc(count)


async def main():
    async with aiosqlite.connect(":memory:") as one, aiosqlite.connect("/tmp/two.db") as two:
        await asyncio.gather(keep(one, 5), keep(two, 10))
        for database in (two, one):
            async with database.execute("SELECT sum(number) FROM orders") as cursor:
                print(await cursor.fetchone())
        try:
            await one.execute("nonsense")
        except aiosqlite.OperationalError as error:
            print(error)


start_http_server(8000)
asyncio.run(main())
time.sleep(0.01)
print(next(line for line in generate_latest().decode().splitlines() if "orders_total 1" in line))
