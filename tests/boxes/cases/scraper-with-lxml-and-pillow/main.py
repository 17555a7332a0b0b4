"""Reads a page as a setting says, and draws what it found."""

import io

import yaml
from lxml import etree, html
from PIL import Image, ImageDraw

with open("settings.yaml") as file:
    settings = yaml.load(file, Loader=yaml.CSafeLoader)
page = html.parse("page.html").getroot()
rows = page.xpath(settings["items"]["path"])
found = [dict(zip(settings["items"]["fields"], row.xpath("td/text()"))) for row in rows]
for item in found:
    print(item["name"].strip(), float(item["price"]), settings["currency"])

catalogue = etree.Element("catalogue")
for item in found:
    etree.SubElement(catalogue, "item", name=item["name"].strip())
print(etree.tostring(catalogue).decode())

image = Image.new("RGB", (100, 50), "white")
draw = ImageDraw.Draw(image)
for place, item in enumerate(found):
    draw.rectangle([10 + 40 * place, 50 - 20 * float(item["price"]), 40 + 40 * place, 50], "navy")
file = io.BytesIO()
image.save(file, "JPEG", quality=90)
again = Image.open(io.BytesIO(file.getvalue()))
print(again.format, again.size, again.getpixel((20, 40))[2] > 100, again.getpixel((60, 10))[0] > 240)
