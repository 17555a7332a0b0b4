// The third of a chain in mixed languages: asks the host, and the host's own function behind it.
#include <function.h>

BOXER_SIGNATURE("{\"input\":{\"type\":\"object\",\"properties\":{\"words\":{\"type\":\"array\","
                "\"items\":{\"type\":\"string\"}}},\"required\":[\"words\"],"
                "\"additionalProperties\":false},\"output\":{\"type\":\"array\",\"items\":"
                "{\"type\":\"string\"}},\"hosts\":[\"kv\"],\"next\":{\"input\":{},\"output\":{}}}")

void boxer_init(void) {
}

int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
    struct boxer_text words = boxer_get(call, "words"), seen;
    struct boxer_data asked = {0}, value = {0}, data = {0};
    struct boxer_call answer;
    boxer_add_list(&asked);
    boxer_add_text(&asked, "seen", 4);
    boxer_add_end(&asked);
    if (boxer_host_call("kv.get", &asked, &answer) < 0)
        return boxer_raise_answer(result, &answer);
    seen = boxer_as_bytes(&answer, answer.arguments);
    boxer_add_list(&value);
    for (size_t i = 0; boxer_item(words, i).bytes; i++)
        boxer_add_value(&value, call, boxer_item(words, i));
    boxer_add_text(&value, seen.bytes, seen.size);
    boxer_add_end(&value);
    if (boxer_next(call, &value, &answer) < 0)
        return boxer_raise_answer(result, &answer);
    boxer_add_list(&data);
    boxer_add_text(&data, "c", 1);
    for (size_t i = 0; boxer_item(answer.arguments, i).bytes; i++)
        boxer_add_value(&data, &answer, boxer_item(answer.arguments, i));
    boxer_add_end(&data);
    return boxer_return(result, &data);
}
