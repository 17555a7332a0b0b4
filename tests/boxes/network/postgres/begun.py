"""What each of these programs begins with."""

import os, sys
port = int(sys.argv[1])
where = dict(host="host.boxer.internal", port=port, user="postgres", password="pw")
url = f"postgres:pw@host.boxer.internal:{port}/postgres"
with open("/tmp/ca.pem", "w") as file:
    file.write(os.environ["CA"])
