// A typed function of a box in C. One file of the program includes this, states its signature and
// defines boxer_init and boxer_function:
//
//     BOXER_SIGNATURE("{\"input\": {...}, \"output\": {...}}") // JSON Schema 2020-12
//     void boxer_init(void) {}                                 // once, before the freeze
//     int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
//         struct boxer_text name = boxer_get_text(call, "name");
//         if (!name.bytes)
//             return boxer_invalid(result, "/name", "must be a string");
//         return boxer_return_text(result, name.bytes, name.size);
//     }
//
// Requests and replies are those of docs/reference/function-protocol.md.
#ifndef BOXER_FUNCTION_H
#define BOXER_FUNCTION_H

#include "host.h"
#include "results.h"
#include "values.h"

#define BOXER_SIGNATURE(json) const char boxer_signature[] = json;
extern const char boxer_signature[];
void boxer_init(void);
// 0; else the call has failed (boxer_invalid and boxer_raise say so by themselves).
int boxer_function(const struct boxer_call *, struct boxer_result *);

// Calls a function of the host's, "kv.get": arguments: a list, which is let go of. 0 and its result
// in `answer`; else what it raised, {"type", "message"}, or that there is none.
static inline int boxer_host_call(const char *function, struct boxer_data *arguments,
                                  struct boxer_call *answer) {
    static const char missing[] =
        "{\"type\":\"NotOfferedError\",\"message\":\"this run was given no functions of the "
        "host: box.pool(host={...})\"}";
    struct boxer_data named = {0};
    boxer_put(&named.json, "{\"f\":", 5);
    boxer_put_quoted(&named.json, function, strlen(function));
    boxer_put(&named.json, ",\"a\":", 6);
    boxer_put(&named.json, "", 1);
    struct boxer_result request = {0};
    boxer_put(&request, "h", 1);
    boxer_wrote_(&request, arguments, 'c', 't', named.json.bytes, ",\"k\":{}}");
    size_t size = 0;
    char *reply = boxer_ask_(request.bytes, request.size, &size);
    boxer_drop(arguments);
    boxer_drop(&named);
    free(request.bytes);
    *answer = (struct boxer_call){.arguments = {missing, sizeof missing - 1}};
    if (!reply || !size) {
        free(reply);
        return -1;
    }
    char *kept = memcpy(boxer_memory(size + 1), reply, size);
    kept[size] = 0;
    free(reply);
    answer->arguments = (struct boxer_text){kept + 1, size - 1};
    if (*kept == '~') {
        uint32_t length = 0;
        if (size >= 5)
            memcpy(&length, kept + 1, 4);
        if (size < 5 || length > size - 5)
            abort();
        answer->arguments = (struct boxer_text){kept + 5, length};
        answer->parts = (struct boxer_text){kept + 5 + length, size - 5 - length};
    }
    return *kept == '!' ? -1 : 0;
}

// The host's error, as the function's own.
static inline int boxer_raise_answer(struct boxer_result *result, const struct boxer_call *answer) {
    return boxer_raise(result, boxer_get_text(answer, "type").bytes,
                       boxer_get_text(answer, "message").bytes);
}

// Calls the next link of the chain with one value, which is let go of; where there is none, the
// answer is that value. As boxer_host_call.
static inline int boxer_next(const struct boxer_call *call, struct boxer_data *value,
                             struct boxer_call *answer) {
    struct boxer_text linked = boxer_context(call, "linked");
    if (!linked.size || *linked.bytes != 't') {
        char *json =
            memcpy(boxer_memory(value->json.size + 1), value->json.bytes, value->json.size);
        json[value->json.size] = 0;
        char *parts = boxer_memory(value->parts.size + 1);
        memcpy(parts, value->parts.size ? value->parts.bytes : "", value->parts.size);
        *answer = (struct boxer_call){.arguments = {json, value->json.size},
                                      .parts = {parts, value->parts.size}};
        boxer_drop(value);
        return 0;
    }
    struct boxer_data list = {0};
    boxer_put(&list.json, "[", 1);
    boxer_put(&list.json, value->json.bytes, value->json.size);
    boxer_put(&list.json, "]", 1);
    list.parts = value->parts;
    list.is_tagged = value->is_tagged;
    value->parts = (struct boxer_result){0};
    boxer_drop(value);
    return boxer_host_call("next", &list, answer);
}

static inline void boxer_answer_(const char *request, size_t size, struct boxer_result *result) {
    struct boxer_call call = {0};
    struct boxer_text told = {request + 1, size ? size - 1 : 0}, name, list;
    result->size = 0;
    if (size && *request == 'i') { // there is nothing to import, but room to be made for calls
        static const char room[1 << 14];
        boxer_put(result, room, sizeof room);
        for (size_t small = 16; small < sizeof room; small *= 2)
            boxer_memory(small);
        result->size = 0;
        boxer_put(result, "=null", 5);
        return;
    }
    if (size > 5 && *request == 't') {
        uint32_t length;
        memcpy(&length, request + 1, 4);
        length = length < size - 5 ? length : (uint32_t)(size - 5);
        told = (struct boxer_text){request + 5, length};
        call.parts = (struct boxer_text){request + 5 + length, size - 5 - length};
    }
    name = boxer_member(told, "f");
    list = boxer_member(told, "a");
    static const char is_call[] = "\"boxer.functions:call",
                      open[] = "\"boxer.functions:open_function", offer[] = "\"boxer.host:offer";
    if (name.size >= sizeof open - 1 && memcmp(name.bytes, open, sizeof open - 1) == 0) {
        boxer_put(result, "=", 1);
        boxer_put(result, boxer_signature, strlen(boxer_signature));
    } else if (name.size >= sizeof offer - 1 && memcmp(name.bytes, offer, sizeof offer - 1) == 0) {
        boxer_put(result, "=null", 5); // what there is not, the host says when it is asked
    } else if (name.size < sizeof is_call || memcmp(name.bytes, is_call, sizeof is_call - 1)) {
        boxer_raise(result, "AttributeError", "the box has one function, and no other");
    } else {
        const char *end = list.bytes + list.size, *first = boxer_skip_space(list.bytes + 1, end);
        call.arguments = (struct boxer_text){first, (size_t)(boxer_skip(first, end) - first)};
        call.context = boxer_item(list, 1);
        if (boxer_function(&call, result) && !result->size)
            boxer_raise(result, "Error", "the function failed");
        else if (!result->size)
            boxer_return_json(result, "null", 4);
    }
}

static inline int boxer_frames_(void) {
    struct boxer_result result = {0};
    if (boxer_begin_frames_() < 0)
        return 1;
    for (;;) {
        size_t size;
        int has_ended;
        char *request = boxer_read_frame_(boxer_frames_in_, &size, &has_ended);
        if (!request)
            return !has_ended;
        boxer_answer_(request, size, &result);
        fflush(NULL);
        int status = boxer_write_frame_(boxer_frames_out_, result.bytes, result.size);
        boxer_let_go_();
        free(request);
        if (status < 0)
            return 1;
    }
}

static inline int boxer_main_(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    boxer_init();
    return boxer_frames_();
}

static inline int boxer_freeze_(char *path, char **modules) {
    (void)path, (void)modules;
    boxer_init();
    return 0;
}

static inline int boxer_thaw_(const char *path, int argc, char **argv, unsigned depth,
                              int as_settled) {
    (void)path, (void)argc, (void)argv, (void)depth, (void)as_settled;
    return boxer_frames_();
}

static inline int boxer_wake_(unsigned depth, int as_rested) {
    (void)depth;
    (void)as_rested;
    return 0;
}

static inline int boxer_serve_(const char *request, size_t size, const char **reply,
                               size_t *reply_size) {
    static struct boxer_result result;
    boxer_answer_(request, size, &result);
    boxer_let_go_();
    fflush(NULL);
    *reply = result.bytes;
    *reply_size = result.size;
    return 0;
}

static inline int boxer_rest_(unsigned depth) {
    (void)depth;
    return 0;
}

// As guest/entry/program.h has it.
struct program {
    const char *name;
    int (*main)(int, char **, char **);
    int (*freeze)(char *, char **);
    int (*settle)(const char *, int, char **);
    int (*thaw)(const char *, int, char **, unsigned, int);
    int (*wake)(unsigned, int);
    int (*serve)(const char *, size_t, const char **, size_t *);
    int (*rest)(unsigned);
};
const struct program programs[] = {
    {"main", boxer_main_, boxer_freeze_, 0, boxer_thaw_, boxer_wake_, boxer_serve_, boxer_rest_},
    {0},
};

#endif
