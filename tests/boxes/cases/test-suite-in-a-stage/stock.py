import attrs
@attrs.define
class Item:
    name: str
    price: int
    def total(self, count): return self.price * count
