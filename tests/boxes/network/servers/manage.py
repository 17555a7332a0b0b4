import sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

def hello(request):
    return HttpResponse(f"django {request.META['REMOTE_ADDR']} {request.scheme}")

settings.configure(DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x")
urlpatterns = [path("", hello)]
execute_from_command_line(sys.argv)
