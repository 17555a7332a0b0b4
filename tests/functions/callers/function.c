// A function in C for the tests: gives back what it is given.
#include <function.h>

BOXER_SIGNATURE(
    "{\"input\":{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\"},"
    "\"text\":{\"type\":\"string\"},\"number\":{\"type\":\"number\"},"
    "\"other\":{\"type\":\"string\",\"contentEncoding\":\"base64\"},"
    "\"data\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}},"
    "\"required\":[\"kind\"],\"additionalProperties\":false},\"output\":{}}")

static int calls;

void boxer_init(void) {
    calls = 0;
}

int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
    struct boxer_text kind = boxer_get_text(call, "kind");
    if (!kind.bytes)
        return boxer_invalid(result, "/kind", "must be a string");
    if (strcmp(kind.bytes, "count") == 0)
        return boxer_return_number(result, ++calls);
    if (strcmp(kind.bytes, "number") == 0)
        return boxer_return_number(result, boxer_get_number(call, "number", 0));
    if (strcmp(kind.bytes, "text") == 0) {
        struct boxer_text text = boxer_get_text(call, "text");
        return text.bytes ? boxer_return_text(result, text.bytes, text.size)
                          : boxer_invalid(result, "/text", "must be a string");
    }
    if (strcmp(kind.bytes, "bytes") == 0) {
        struct boxer_text data = boxer_get_bytes(call, "data");
        return boxer_return_bytes(result, data.bytes, data.size);
    }
    return boxer_raise(result, "ValueError", "it is of no kind");
}
