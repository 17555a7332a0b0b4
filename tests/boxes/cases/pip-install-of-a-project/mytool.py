def main():
    print("PIPDOT")
