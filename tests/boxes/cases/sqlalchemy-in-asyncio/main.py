import asyncio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine, async_sessionmaker, AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy import ForeignKey
class Base(AsyncAttrs, DeclarativeBase): pass
class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[str]
    bs: Mapped[list["B"]] = relationship()
class B(Base):
    __tablename__ = "b"
    id: Mapped[int] = mapped_column(primary_key=True)
    a_id: Mapped[int] = mapped_column(ForeignKey("a.id"))
    data: Mapped[str]
async def main():
    engine = create_async_engine("sqlite+aiosqlite:////tmp/x.db")
    Session = async_sessionmaker(engine, expire_on_commit=False)
    async with engine.begin() as c:
        await c.run_sync(Base.metadata.create_all)
    async with Session() as s:
        async with s.begin():
            s.add_all([A(data=f"a{i}", bs=[B(data="b"), B(data="c")]) for i in range(50)])
    async def one(i):
        async with Session() as s:
            a = (await s.execute(select(A).where(A.data == f"a{i}"))).scalar_one()
            return len(await a.awaitable_attrs.bs)
    print(sum(await asyncio.gather(*[one(i) for i in range(50)])))
    try:
        async with Session() as s:
            await s.execute(text("select nothing"))
    except Exception as e:
        print(type(e).__name__)
    await engine.dispose()
asyncio.run(main())
