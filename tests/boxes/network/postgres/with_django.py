import django
from django.conf import settings
options = {"sslmode": "require"}
settings.configure(USE_TZ=True, INSTALLED_APPS=["shop"], DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": where["host"], "PORT": port, "NAME": "postgres",
    "USER": "postgres", "PASSWORD": "pw", "OPTIONS": options}})
django.setup()
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.models import F, Sum
from shop.models import Order
with connection.schema_editor() as editor:
    editor.create_model(Order)
Order.objects.bulk_create(Order(what=f"w{n}", price=n, more={"n": n}) for n in range(50))
Order.objects.filter(more__n__gt=40).update(price=F("price") + 1)
print(is_psycopg3, Order.objects.aggregate(Sum("price"))["price__sum"], Order.objects.get(more__n=7).what)
try:
    with transaction.atomic():
        Order.objects.create(what="w1", price=1)
except django.db.IntegrityError as error:
    print(type(error.__cause__).__name__)
with connection.schema_editor() as editor:
    editor.delete_model(Order)
