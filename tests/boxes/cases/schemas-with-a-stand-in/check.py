import json
import sys

import jsonschema
from referencing import Registry, Resource

names = Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema",
                                "$defs": {"name": {"type": "string", "minLength": 2}}})
registry = Registry().with_resource("urn:names", names)
schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
          "properties": {"name": {"$ref": "urn:names#/$defs/name"}, "size": {"minimum": 1}},
          "required": ["name"]}
validator = jsonschema.Draft202012Validator(schema, registry=registry)
for error in sorted(validator.iter_errors(json.loads(sys.argv[1])), key=str):
    print(error.json_path, error.message)
print("checked")
