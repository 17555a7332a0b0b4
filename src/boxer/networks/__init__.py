"""Networks of boxes on this machine: who is on which, under what name and address."""

from boxer.networks.joining import join
from boxer.networks.store import Member, Membership, NetworkRecord, NetworkStore

__all__ = ["Member", "Membership", "NetworkRecord", "NetworkStore", "join"]
