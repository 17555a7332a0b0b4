from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, Field, field_validator, model_validator


class Part(BaseModel):
    number: int
    children: list["Part"] = []


class Item(BaseModel):
    name: str = Field(min_length=1, pattern=r"^[a-z]+$")
    price: Decimal = Field(gt=0)
    kind: Literal["a", "b"] = "a"
    made: datetime
    lasts: timedelta = timedelta(days=1)
    tags: set[str] = set()
    size: int | float | None = None
    id: UUID | None = None
    part: Part | None = None

    @field_validator("name")
    @classmethod
    def no_bad_names(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("no bad names")
        return value

    @model_validator(mode="after")
    def b_has_a_size(self) -> "Item":
        if self.kind == "b" and self.size is None:
            raise ValueError("a `b` has a size")
        return self


app = FastAPI()


def limit(limit: Annotated[int, Query(le=100)] = 10) -> int:
    return limit


@app.get("/")
def read(limit: Annotated[int, Depends(limit)], q: int = 3) -> dict[str, int]:
    return {"q": q, "limit": limit}


@app.post("/items")
async def create(item: Item) -> Item:
    return item
