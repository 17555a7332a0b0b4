import unittest
from stock import Item
class Stock(unittest.TestCase):
    def test_total(self): self.assertEqual(Item("tea", 2).total(4), 8)
    def test_name(self): self.assertEqual(Item("tea", 2).name, "tea")
