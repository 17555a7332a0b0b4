"""Signatures of Scale's, in HCL, as Python that functions are typed with."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from boxer.errors import FunctionError
from boxer.functions import python_module, read_scale
from boxer.schemas import InvalidError, Types
from tests.functions.conftest import Fn

pytest.importorskip("hcl2")

EVERYTHING = Path(__file__).with_name("everything.hcl")


def module_of(source: str, name: str) -> Any:
    module = types.ModuleType(name)
    sys.modules[name] = module  # where type hints are looked up
    exec(python_module(read_scale(source)), module.__dict__)
    return module


@pytest.fixture(scope="module")
def everything() -> Any:
    return module_of(str(EVERYTHING), "scale_everything")


def test_every_field_has_its_default(everything: Any) -> None:
    made = everything.Everything()
    assert (made.Code, made.Small, made.Most, made.Double) == ("ABC", -32, 2**64 - 1, -64.0)
    assert made.Colour is everything.Colour("dark blue")
    assert (made.Inner, made.Self, made.Selves) == (everything.Empty(), None, [])
    assert Types().codec(everything.Everything).load({}) == made


def test_every_kind_of_field_comes_back(everything: Any) -> None:
    told = {
        "Code": "XYZ1", "Words": ["abc"], "Texts": {"a": "b"}, "Models": {"a": {}}, "Small": 100,
        "Smalls": [-(2**31)], "SmallMap": {"-5": 2**63 - 1}, "Large": -(2**63), "Positive": 7,
        "Most": 0, "Named": {"18446744073709551615": {}}, "Single": 0.5, "Double": 1e300,
        "Doubles": [1.5], "Flag": False, "Flags": [True], "Data": b"\xff", "Datas": [b""],
        "Colour": "1st", "Other": "mro", "Colours": ["red"], "ByColour": {"red": {}}, "Inner": {},
        "Self": None, "Selves": [],
    }  # fmt: skip
    value = Types().codec(everything.Everything).load(told)
    dump = Types(output=True).codec(everything.Everything).dump
    assert dump is not None
    assert dump(value) == told


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"Code": ""}, "/Code: must have a length of at least 1"),
        ({"Code": "a" * 21}, "/Code: must have a length of at most 20"),
        ({"Code": "a-b"}, "/Code: must match"),
        ({"Words": ["abcdef"]}, "/Words/0: must have a length of at most 5"),
        ({"Small": 101}, "/Small: must be at most 100"),
        ({"Smalls": [2**31]}, "/Smalls/0: must be at most"),
        ({"SmallMap": {"2147483648": 1}}, "/SmallMap/2147483648: must be at most"),
        ({"Most": -1}, "/Most: must be at least 0"),
        ({"Single": 1e39}, "/Single: must be at most"),
        ({"Double": -101}, "/Double: must be at least"),
        ({"Colour": "green"}, "/Colour: must be one of"),
        ({"ByColour": {"green": {}}}, "/ByColour/green: must be one of"),
        ({"Other2": 1}, "/Other2: is not a field"),
    ],
)
def test_what_a_validator_refuses_is_refused(everything: Any, told: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Types().codec(everything.Everything).load(told)


def test_a_case_modifier_acts_whenever_a_field_is_set(everything: Any) -> None:
    made = everything.Everything(Code="abc", Words=["ABC"])
    assert (made.Code, made.Words) == ("ABC", ["abc"])
    made.Code = "def"
    assert made.Code == "DEF"


def test_scales_signature_for_http() -> None:
    module = module_of("http", "scale_http")
    told = {
        "Request": {"Method": "POST", "URI": "/a", "Body": b"x",
                    "Headers": {"Accept": {"Value": ["a", "b"]}}},
        "Response": {"StatusCode": 404},
    }  # fmt: skip
    value = Types().codec(module.Context).load(told)
    assert value.Request.Headers["Accept"].Value == ["a", "b"]
    assert (value.Response.StatusCode, module.Context().Response.StatusCode) == (404, 200)


HEAD = 'version = "v1alpha"\nname = "x"\ntag = "y"\ncontext = "C"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "This is no HCL"),
        ("model C {}", "`version` of a signature is missing"),
        (HEAD.replace("v1alpha", "v2") + "model C {}", "version `v2` is not known"),
        (HEAD, "`context` names `C`, and there is no such model"),
        (HEAD + "model C {}\nmodel c {}", "`C` is twice"),
        (HEAD + "model C {}\nfunction F {}", "`function` is nothing that a signature has"),
        (HEAD + "model C {\n decimal A { default = 1 }\n}", "`C` holds `decimal`"),
        (HEAD + "model C {\n float32_map A { value = \"string\" }\n}", "holds `float32_map`"),
        (HEAD + "model C {\n int32 A {}\n}", "`C.A` has no `default`"),
        (HEAD + "model C {\n int32 A { default = 2147483648 }\n}", "`C.A.default` is no int32"),
        (HEAD + "model C {\n uint32 A { default = -1 }\n}", "`C.A.default` is no uint32"),
        (HEAD + 'model C {\n string A { default = "${file(1)}" }\n}', "without expressions"),
        (HEAD + "model C {\n string A { default = 1 + 1 }\n}", "without expressions"),
        (HEAD + 'model C {\n model A { reference = "B" }\n}', "refers to `B`"),
        (HEAD + 'model C {\n enum A {\n  reference = "B"\n  default = "x"\n }\n}', "refers to `B`"),
        (HEAD + 'model C {\n string_map A { value = "B" }\n}', "holds `B`"),
        (HEAD + 'model "a\\"b" {}', "is no name"),
        (HEAD + 'model C {\n string A {\n  default = ""\n  regex_validator { expression = "(" }\n }'
         "\n}", "cannot be used"),
        (HEAD + "model C {\n int32 A {\n default = 1\n limit_validator {\n min = 3\n max = 2\n"
         "}\n}\n}", "`min` is more than `max`"),
        (HEAD + 'model C {\n string A {\n  default = ""\n  case_modifier { kind = "title" }\n }\n}',
         "upper, lower or none"),
    ],
)  # fmt: skip
def test_a_file_that_scale_would_not_take_is_refused(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "signature.hcl"
    path.write_text(text)
    with pytest.raises(FunctionError, match=message) as raised:
        read_scale(str(path))
    assert raised.value.where is not None
    assert raised.value.where.file == str(path)


@pytest.mark.base
def test_a_function_of_scales_signature_is_called(fn: Fn, tmp_path: Path) -> None:
    fn("new", "shop", "--signature", "http")
    (tmp_path / "shop" / "app.py").write_text(
        "from signature import Context, StringList\n\n\n"
        "def handler(context: Context) -> Context:\n"
        "    context.Response.Body = context.Request.Body.upper()\n"
        '    context.Response.Headers["Method"] = StringList([context.Request.Method])\n'
        "    return context\n"
    )
    told = '{"Request": {"Method": "PUT", "Body": "aGVsbG8="}}'
    answer = json.loads(fn("run", "shop", "-i", told).stdout)["Response"]
    assert answer["Body"] == "SEVMTE8="
    assert answer["Headers"] == {"Method": {"Value": ["PUT"]}}
