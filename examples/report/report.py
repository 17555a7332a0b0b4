"""Reads sales into SQLite and prints a report by item."""

import csv
import os
import sqlite3
from decimal import Decimal

base = sqlite3.connect("/var/lib/report/sales.db")
base.execute("create table sales (day text, item text, amount integer, cents integer)")
with open("sales.csv", newline="") as file:
    rows = [
        (row["day"], row["item"], int(row["amount"]), int(Decimal(row["price"]) * 100))
        for row in csv.DictReader(file)
    ]
with base:
    base.executemany("insert into sales values (?, ?, ?, ?)", rows)
query = "select item, sum(amount), sum(amount * cents) from sales group by item order by 3 desc"
for item, amount, cents in base.execute(query):
    print(f"{item:<8}{amount:>4}{Decimal(cents) / 100:>10.2f} {os.environ['CURRENCY']}")
print("size of the database:", os.stat("/var/lib/report/sales.db").st_size)
