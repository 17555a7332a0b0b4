import inflection


def make():
    return lambda environ, start: [inflection.camelize("desk_lamp").encode()]


if __name__ == "__main__":
    print(make()({}, None)[0].decode())
