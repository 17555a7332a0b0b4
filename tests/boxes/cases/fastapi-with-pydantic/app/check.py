import gc

from fastapi.testclient import TestClient
from pydantic import TypeAdapter, ValidationError

from app.main import Item, Part, app

client = TestClient(app)
print(client.get("/?q=5&limit=7").json())
print(client.get("/?q=x&limit=101").json()["detail"][0]["msg"])
sent = {"name": "nut", "price": "1.50", "made": "2026-01-02T03:04:05Z", "tags": ["x"], "size": 2.5}
print(client.post("/items", json=sent).json())
for wrong in ({"name": "bad"}, {"price": "-1"}, {"kind": "b", "size": None}, {"made": "soon"}):
    answer = client.post("/items", json=sent | wrong)
    print(answer.status_code, answer.json()["detail"][0]["msg"])
print(sorted(client.get("/openapi.json").json()["components"]["schemas"]))

deep = {"number": 0}
for number in range(1, 20):
    deep = {"number": number, "children": [deep]}
part = Part.model_validate(deep)
print(Part.model_validate_json(part.model_dump_json()) == part)
print(TypeAdapter(list[int]).validate_json(b"[1, 2, 12345678901234567890123456789]"))
print(TypeAdapter(dict[str, list[str]]).validate_json('{"names": ["one", "zwei", "drei\u00df"]}'))
for _ in range(2000):
    try:
        Item.model_validate({"name": "bad", "price": None, "made": 0})
    except ValidationError as error:
        count = error.error_count()
print(count, gc.collect() >= 0)
