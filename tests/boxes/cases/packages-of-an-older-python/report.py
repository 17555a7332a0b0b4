import cgi
import pkg_resources
import telnetlib_or_not
from six.moves import urllib

import httpx

print("httpx", httpx.__version__, "cgi", cgi.__name__)
print("gunicorn", pkg_resources.get_distribution("gunicorn").version)
print("six", urllib.parse.quote("a b"), telnetlib_or_not.FOUND)
print("setup", open("version.txt").read().strip())
