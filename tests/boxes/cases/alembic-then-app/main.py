import sys

from sqlalchemy import create_engine, text

with create_engine("sqlite:////code/app.db").begin() as connection:
    connection.execute(text("insert into note (text) values ('migrated')"))
    print(connection.execute(text("select text from note")).scalar())
sys.exit(0)
