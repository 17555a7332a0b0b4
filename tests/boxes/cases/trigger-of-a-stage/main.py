print(open("lines").read().split())
