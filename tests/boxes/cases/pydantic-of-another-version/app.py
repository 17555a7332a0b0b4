from pydantic import BaseModel, ValidationError


class Order(BaseModel):
    item: str
    count: int = 1


print(Order.model_validate_json('{"item": "box", "count": "3"}').model_dump())
try:
    Order(item="box", count="many")
except ValidationError as error:
    print(error.error_count(), error.errors()[0]["loc"])
