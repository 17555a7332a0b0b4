import os
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils.translation import gettext
class Command(BaseCommand):
    def handle(self, *args, **options):
        User.objects.create_user("ada")
        print(gettext("Welcome to the shop"))
        print("users", User.objects.count(), "static", sorted(os.listdir("/code/static")))
