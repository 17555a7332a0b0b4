import os
SECRET_KEY = os.environ.get("SECRET_KEY", "unset")
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.staticfiles", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/code/db.sqlite3"}}
STATIC_URL = "/static/"
STATIC_ROOT = "/code/static"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "urls"
LOCALE_PATHS = ["/code/locale"]
LANGUAGE_CODE = "de"
