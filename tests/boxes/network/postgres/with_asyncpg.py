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
