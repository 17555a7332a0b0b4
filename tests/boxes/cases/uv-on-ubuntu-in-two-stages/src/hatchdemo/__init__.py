def main():
    import click
    click.echo("UVP2")
