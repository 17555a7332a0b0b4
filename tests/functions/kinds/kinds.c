// Every kind of field, given back: read as what it is, and written anew.
#include <function.h>

BOXER_SIGNATURE("{\"input\":{\"type\":\"object\",\"properties\":{\"given\":{\"type\":\"object\"}},"
                "\"required\":[\"given\"],\"additionalProperties\":false},"
                "\"output\":{\"type\":\"object\"}}")

// A field, and what it may be: as boxer_kind says it; '*': anything.
static const char *const kinds[][2] = {
    {"nothing", "0"}, {"flag", "b"},     {"whole", "n"},  {"big", "n"},    {"real", "n"},
    {"text", "s"},    {"data", "x"},     {"moment", "s"}, {"day", "s"},    {"clock", "s"},
    {"span", "s"},    {"id", "s"},       {"price", "s"},  {"colour", "s"}, {"mode", "sn"},
    {"list", "["},    {"pair", "["},     {"unique", "["}, {"names", "{"},  {"either", "nsx0"},
    {"tree", "{"},    {"anything", "*"},
};

void boxer_init(void) {
}

static void give_back(struct boxer_data *data, const struct boxer_call *call, const char *name,
                      struct boxer_text value, int kind) {
    struct boxer_text text = boxer_as_text(call, value), bytes = boxer_as_bytes(call, value);
    if (kind == 's')
        boxer_add_text(data, text.bytes, text.size);
    else if (kind == 'x')
        boxer_add_bytes(data, bytes.bytes, bytes.size);
    else if (kind == 'b')
        boxer_add_boolean(data, *value.bytes == 't');
    else if (kind == '0')
        boxer_add_null(data);
    else if (kind == 'n' && strcmp(name, "real") == 0)
        boxer_add_number(data, boxer_as_number(value, 0));
    else if (kind == 'n' && boxer_as_integer(value, -77) != -77)
        boxer_add_integer(data, boxer_as_integer(value, 0));
    else if (strcmp(name, "list") == 0) {
        boxer_add_list(data);
        for (size_t i = 0; boxer_item(value, i).bytes; i++)
            boxer_add_integer(data, boxer_as_integer(boxer_item(value, i), 0));
        boxer_add_end(data);
    } else
        boxer_add_value(data, call, value);
}

int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
    struct boxer_text given = boxer_get(call, "given");
    struct boxer_data data = {0};
    if (boxer_kind(call, given) != '{')
        return boxer_invalid(result, "/given", "must be an object");
    boxer_add_object(&data);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *name = kinds[i][0];
        struct boxer_text value = boxer_member(given, name);
        int kind = boxer_kind(call, value);
        char path[32];
        if (!kind)
            continue;
        snprintf(path, sizeof path, "/given/%s", name);
        if (*kinds[i][1] != '*' && !strchr(kinds[i][1], kind)) {
            boxer_drop(&data);
            return boxer_invalid(result, path, "is of another kind");
        }
        boxer_add_name(&data, name);
        give_back(&data, call, name, value, kind);
    }
    boxer_add_end(&data);
    return boxer_return(result, &data);
}
