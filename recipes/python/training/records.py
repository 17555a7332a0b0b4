"""Records by name and the texts made of them: tables of words, joins, reports, letters, JSON."""

from __future__ import annotations

import collections
import json
import string
from typing import Any

Record = dict[str, Any]
LETTER = string.Template("Dear $name,\nyour ${count} parcels ($weight kg) left $city.\n")
CITIES = ("Tromsø", "Porto", "Graz", "Łódź", "Cork", "Gent", "Kuopio")


def parcels(count: int) -> list[Record]:
    known = []
    state = 7
    for number in range(count):
        state = (state * 69069 + 1) & 0xFFFFFFFF
        name = f"{CITIES[state % 7]}-{state >> 20:x}"
        known.append({"id": number, "city": name, "grams": state % 20011, "tags": {state % 5}})
    return known


def summed(known: list[Record]) -> dict[str, Record]:
    """By city, merged and changed as programs do with dictionaries."""
    found: dict[str, Record] = {}
    by_tag: collections.defaultdict[int, set[str]] = collections.defaultdict(set)
    for parcel in known:
        entry = found.setdefault(parcel["city"], {"count": 0, "grams": 0})
        entry["count"] += 1
        entry["grams"] += parcel["grams"]
        for tag in parcel["tags"]:
            by_tag[tag].add(parcel["city"])
    shared = set(found).intersection(*by_tag.values()) | by_tag.get(9, set())
    for city in [city for city, entry in found.items() if entry["grams"] % 11 == 0]:
        found.pop(city)
    defaults = {"seen": True, "note": None}
    merged = {
        city: {**defaults, **entry} | {"both": city in shared} for city, entry in found.items()
    }
    ranks = collections.Counter(entry["count"] for entry in merged.values())
    names = {rank: city for city, entry in merged.items() if (rank := entry["count"]) in ranks}
    return dict(sorted(merged.items(), key=lambda item: (-item[1]["grams"], item[0]))) | {
        "names": {"of": {str(rank): names[rank] for rank in sorted(names)}}
    }


def letters(found: dict[str, Record]) -> str:
    rows = []
    for city, entry in found.items():
        if "grams" not in entry:
            continue
        kilos = f"{entry['grams'] / 1000:,.2f}"
        text = LETTER.substitute(name=city.title(), count=entry["count"], weight=kilos, city=city)
        rows.append(text.replace("&", "&amp;").replace("<", "&lt;"))
        rows.append(f"{city:<24}|{entry['count']:>5}|{entry['grams']:08d}|{kilos:>12}")
        rows.append("{name!r}: {count:^7}; %s / %d".format(**entry, name=city) % (kilos, len(city)))
    words = collections.Counter(
        word.strip(".,()").lower() for row in rows for word in row.split() if word.isalpha()
    )
    lines = [row.partition("\n")[2].rstrip() for row in rows if row.startswith("Dear")]
    return "\n".join([*rows, *lines, *(f"{word}={n}" for word, n in words.most_common(40))])


def run() -> None:
    known = parcels(2500)
    for _ in range(3):
        found = summed(known)
        text = letters(found)
        again = json.loads(json.dumps({"found": found, "text": text.splitlines()}))
        json.dumps(again, indent=1, sort_keys=True, ensure_ascii=False)
