#!/usr/bin/env python3
"""gosu, su-exec: becomes a user, USER[:GROUP] by name or number, and then the program."""

import grp
import os
import pwd
import sys

if len(sys.argv) < 3:
    sys.exit(f"usage: {sys.argv[0]} USER[:GROUP] COMMAND [ARG...]")
user, _, group = sys.argv[1].partition(":")
try:
    entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    uid, gid, home = entry.pw_uid, entry.pw_gid, entry.pw_dir
except KeyError:
    if not user.isdecimal():
        sys.exit(f"there is no user {user}")
    uid, gid, home = int(user), 0, "/"
try:
    if group:
        gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
except KeyError:
    sys.exit(f"there is no group {group}")
if os.geteuid() != uid:
    os.setgroups([] if group else [g.gr_gid for g in grp.getgrall() if user in g.gr_mem] + [gid])
    os.setgid(gid)
    os.setuid(uid)
os.environ["HOME"] = home
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]}: {error.strerror}")
