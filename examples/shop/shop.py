"""A small shop. The basket is in a cookie, which is signed: no machine has to remember it."""

import os

from flask import Flask, abort, redirect, render_template, request, session, url_for

PRICES = {"tea": 450, "bread": 220, "jam": 380}  # in cents

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "only for trying it out")


def money(cents: int) -> str:
    return f"{cents / 100:.2f}"


app.add_template_filter(money)


@app.get("/")
def shelf() -> str:
    return render_template("shelf.html", prices=PRICES)


@app.get("/basket")
def basket() -> str:
    lines = session.get("basket", {})
    total = sum(PRICES[name] * count for name, count in lines.items())
    return render_template("basket.html", lines=lines, prices=PRICES, total=total)


@app.post("/basket")
def add():
    name = request.form.get("name", "")
    if name not in PRICES:
        abort(404)
    lines = session.get("basket", {})
    session["basket"] = lines | {name: lines.get(name, 0) + 1}
    return redirect(url_for("basket"), code=303)
