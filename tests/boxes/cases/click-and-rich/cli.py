import click
from rich.console import Console
@click.command()
@click.argument("name")
def main(name): Console(width=40).print(f"Hello {name}")
main()
