def main(): print("PIPDOT")
