import click
print("SYNCED", click.__name__)
