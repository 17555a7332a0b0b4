import click
print("BUILT", click.__name__)
