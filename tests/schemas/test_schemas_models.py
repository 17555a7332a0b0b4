"""pydantic's models: their own schema, reading and writing; skipped where pydantic is not."""

from __future__ import annotations

import datetime
from typing import Any, Literal

import pytest

from boxer.schemas import InvalidError, Types, signature_of

pydantic = pytest.importorskip("pydantic")


class User(pydantic.BaseModel):  # type: ignore[misc,name-defined,unused-ignore]
    """Somebody."""

    name: str = pydantic.Field(min_length=1, alias="fullName")
    age: int = pydantic.Field(ge=0)
    born: datetime.date | None = None
    picture: bytes = b""
    kind: Literal["a", "b"] = "a"


class Team(pydantic.BaseModel):  # type: ignore[misc,name-defined,unused-ignore]
    users: list[User]
    lead: Team | None = None


def test_a_model_comes_back_from_its_plain_form() -> None:
    told = {
        "fullName": "Ada", "age": 3, "born": "2024-05-06", "picture": b"\xff", "kind": "b",
    }  # fmt: skip
    read = Types().codec(User).load(told)
    assert read.born == datetime.date(2024, 5, 6)
    output = Types(output=True).codec(User)
    assert output.dump is not None
    assert output.dump(read) == told
    with pytest.raises(InvalidError):
        output.dump({"fullName": "Ada"})


def test_its_errors_have_their_place() -> None:
    with pytest.raises(InvalidError) as raised:
        Types().codec(list[Team]).load([{"users": [{"fullName": "", "age": -1}]}])
    paths = [path for path, _ in raised.value.told()]
    assert paths == ["/0/users/0/fullName", "/0/users/0/age"]


def test_its_schema_is_its_own_with_bytes_as_ours() -> None:
    def called(team: Team, user: User) -> dict[str, User]: ...  # type: ignore[empty-body]

    document: dict[str, Any] = signature_of(called).document
    definitions = document["input"]["$defs"]
    assert set(definitions) == {"Team", "User"}
    picture = definitions["User"]["properties"]["picture"]
    assert picture["contentEncoding"] == "base64"
    assert "format" not in picture
    assert definitions["User"]["properties"]["age"]["minimum"] == 0
    assert document["input"]["properties"]["team"] == {"$ref": "#/$defs/Team"}


def test_limits_of_fields_hold_beside_models() -> None:
    from typing import Annotated

    codec = Types().codec(Annotated[int, pydantic.Field(ge=1, le=3, description="few")])
    assert codec.schema == {
        "type": "integer", "minimum": 1, "maximum": 3, "description": "few",
    }  # fmt: skip
    with pytest.raises(InvalidError, match="at most 3"):
        codec.load(4)
