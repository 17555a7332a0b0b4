import asyncio

import sqlalchemy
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Answer(BaseModel):
    count: int


engine = sqlalchemy.create_engine(
    "sqlite://", poolclass=sqlalchemy.StaticPool, connect_args={"check_same_thread": False}
)
Base.metadata.create_all(engine)
app = FastAPI()


@app.get("/count")
def count() -> Answer:
    with Session(engine) as session:
        session.add(Item(name="lamp"))
        session.flush()
        return Answer(count=session.query(Item).count())


async def ask():
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/count", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent[1]["body"].decode()


print(asyncio.run(ask()))
