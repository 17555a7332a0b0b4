"""Turns pages/*.md into a web site, through one template."""

import sys
from pathlib import Path

import jinja2
import markdown

here = Path(__file__).parent
out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(here / "templates"), autoescape=True
)
template = environment.get_template("page.html")
names = sorted(path.stem for path in (here / "pages").glob("*.md"))
for name in names:
    reader = markdown.Markdown(extensions=["tables", "toc"])
    body = reader.convert((here / "pages" / f"{name}.md").read_text(encoding="utf-8"))
    page = template.render(title=name.capitalize(), names=names, body=body)
    (out / f"{name}.html").write_text(page, encoding="utf-8")
    print(f"wrote {name}.html")
