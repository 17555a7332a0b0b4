import click
print("RAN", click.__name__)
