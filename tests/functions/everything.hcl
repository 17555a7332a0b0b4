version = "v1alpha"
name = "Everything"
tag = "1.0"
context = "everything"

enum Colour { values = ["red", "dark blue", "1st", "mro"] }

model Empty {}

model everything {
  description = "All there is.\nAnd \"more\"."
  string Code {
    default = "Abc"
    regex_validator { expression = "^[a-zA-Z0-9]*$" }
    length_validator {
      min = 1
      max = 20
    }
    case_modifier { kind = "upper" }
  }
  string_array Words {
    initial_size = 0
    length_validator { max = 5 }
    caseModifier { kind = "lower" }
  }
  string_map Texts { value = "string" }
  string_map Models { value = "Empty" }
  int32 Small {
    default = -32
    limit_validator {
      min = -100
      max = 100
    }
  }
  int32_array Smalls { initial_size = 4 }
  int32_map SmallMap { value = "int64" }
  int64 Large { default = 9223372036854775807 }
  uint32 Positive { default = 0 }
  uint64 Most { default = 18446744073709551615 }
  uint64_map Named { value = "Empty" }
  float32 Single { default = 32.32 }
  float64 Double {
    default = -6.4e1
    limit_validator { min = -100.5 }
  }
  float64_array Doubles { initial_size = 0 }
  bool Flag { default = true }
  bool_array Flags { initial_size = 0 }
  bytes Data { initial_size = 512 }
  bytes_array Datas { initial_size = 0 }
  enum Colour {
    default = "dark blue"
    reference = "colour"
  }
  enum Other {
    default = "red"
    reference = "Colour"
    accessor = true
  }
  enum_array Colours {
    reference = "Colour"
    initial_size = 0
  }
  enum_map ByColour {
    reference = "Colour"
    value = "empty"
  }
  model Inner { reference = "Empty" }
  model Self { reference = "Everything" }
  model_array Selves {
    reference = "Everything"
    initial_size = 8
  }
}
