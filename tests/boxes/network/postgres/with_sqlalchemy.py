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
