import json, sys
from dateutil.parser import parse
from jinja2 import Template
rows = [dict(row, day=parse(row["at"]).strftime("%A")) for row in json.load(open(sys.argv[1]))]
print(Template(open("template.txt").read()).render(rows=rows))
