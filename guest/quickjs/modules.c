// Modules: which file a name means, and what is refused.
//
//     ./util.js, ../a/b      beside the module that says so; also with another ending, or none
//     std, os                QuickJS's own
//     boxer, boxer:NAME      guest/quickjs/boxer/NAME.js
//     boxer:host             what the run gives, made for each module of the names it imports
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "quickjs-libc.h"

#define OWN "/usr/lib/quickjs/"
#define HOST "boxer:host"
#define MOST_NAMES 4096 // characters of what is imported from boxer:host

static int is_file(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

static int ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), size = strlen(ending);
    return length >= size && strcmp(text + length - size, ending) == 0;
}

// path has room for PATH_MAX. Whether there is such a file, with one of the endings that are meant
// where none or another's is written, as TypeScript does.
static int find_file(char *path) {
    static const char *const endings[] = {".js", ".mjs", ".ts", ".mts", "/index.js", "/index.ts"};
    static const char *const meant[][2] = {{".js", ".ts"}, {".mjs", ".mts"}};
    size_t length = strlen(path);
    if (is_file(path))
        return 1;
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++) {
        if (ends_with(path, meant[i][0])) {
            strcpy(path + length - strlen(meant[i][0]), meant[i][1]);
            if (is_file(path))
                return 1;
            strcpy(path + length - strlen(meant[i][0]), meant[i][0]);
        }
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (length + strlen(endings[i]) >= PATH_MAX)
            break;
        strcpy(path + length, endings[i]);
        if (is_file(path))
            return 1;
        path[length] = 0;
    }
    return 0;
}

// Names that a module's text imports from boxer:host, with a comma behind each. -1: it imports
// them in a way that names none.
static int names_of_host(const char *text, size_t size, char *names) {
    size_t used = 0;
    for (const char *at = text; (at = memmem(at, (size_t)(text + size - at), HOST, strlen(HOST)));
         at += strlen(HOST)) {
        const char *end = at - 1; // the quote
        while (end > text && strchr(" \t\r\n", end[-1]))
            end--;
        if (end - text < 4 || memcmp(end - 4, "from", 4))
            continue;
        for (end -= 4; end > text && strchr(" \t\r\n", end[-1]);)
            end--;
        if (end == text || end[-1] != '}') {
            const char *word = end;
            while (word > text && !strchr(" \t\r\n", word[-1]))
                word--;
            while (word > text && strchr(" \t\r\n", word[-1]))
                word--;
            if (word - text >= 2 && memcmp(word - 2, "as", 2) == 0)
                return -1;
            continue; // the default
        }
        const char *from = end - 1;
        while (from > text && *from != '{')
            from--;
        for (from++; from < end - 1;) {
            const char *name = from + strspn(from, " \t\r\n,");
            size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_$");
            if (name >= end - 1 || !length)
                break;
            if (used + length + 2 < MOST_NAMES && !(length == 7 && !memcmp(name, "default", 7))) {
                memcpy(names + used, name, length);
                names[used + length] = ',';
                used += length + 1;
            }
            from = memchr(name, ',', (size_t)(end - name));
            if (!from)
                break;
        }
    }
    names[used] = 0;
    return 0;
}

// Each module that imports from boxer:host has one of its own, which has those names.
static char *host_module(JSContext *context, const char *base) {
    char names[MOST_NAMES], name[MOST_NAMES + sizeof HOST + 1];
    size_t size;
    uint8_t *text = js_load_file(context, &size, base);
    int status = text ? names_of_host((char *)text, size, names) : (*names = 0);
    js_free(context, text);
    if (status < 0) {
        JS_ThrowSyntaxError(context, "%s: say which: import { kv } from \"" HOST "\"", base);
        return NULL;
    }
    snprintf(name, sizeof name, HOST "/%s", names);
    return js_strdup(context, name);
}

static char *refuse_name(JSContext *context, const char *base, const char *name) {
    static const char *const of_node[] = {"assert",
                                          "buffer",
                                          "child_process",
                                          "cluster",
                                          "crypto",
                                          "dns",
                                          "events",
                                          "fs",
                                          "http",
                                          "http2",
                                          "https",
                                          "module",
                                          "net",
                                          "path",
                                          "process",
                                          "stream",
                                          "tls",
                                          "tty",
                                          "url",
                                          "util",
                                          "vm",
                                          "worker_threads",
                                          "zlib"};
    int is_nodes = strncmp(name, "node:", 5) == 0;
    for (size_t i = 0; i < sizeof of_node / sizeof *of_node; i++)
        is_nodes |= strcmp(name, of_node[i]) == 0;
    if (is_nodes)
        JS_ThrowReferenceError(context,
                               "%s imports `%s`, a module of Node: this is QuickJS, which has "
                               "`std` and `os`, and fetch, timers, TextEncoder as globals",
                               base, name);
    else
        JS_ThrowReferenceError(context,
                               "%s imports `%s`, a package: bundle it into a file of your own "
                               "(esbuild --bundle --format=esm), and import that as ./file.js",
                               base, name);
    return NULL;
}

// As realpath(3), of a file that need not be there.
static void make_straight(char *path) {
    char *to = path;
    for (char *from = path; *from;) {
        size_t length = strcspn(from + 1, "/") + 1;
        if (length == 3 && memcmp(from, "/..", 3) == 0) {
            while (to > path && *--to != '/')
                ;
        } else if (!(length == 1 || (length == 2 && from[1] == '.'))) {
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = 0;
}

static char *file_of(JSContext *context, const char *base, const char *name) {
    char path[PATH_MAX + 16];
    const char *slash = strrchr(base, '/');
    int length;
    if (*name == '/')
        length = snprintf(path, PATH_MAX, "%s", name);
    else if (*base == '/')
        length = snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - base), base, name);
    else {
        char folder[PATH_MAX];
        if (!realpath(".", folder))
            strcpy(folder, "/");
        length = snprintf(path, PATH_MAX, "%s/%.*s/%s", folder, slash ? (int)(slash - base) : 0,
                          base, name);
    }
    if (length < 0 || length >= PATH_MAX) {
        JS_ThrowReferenceError(context, "the name of a module is too long");
        return NULL;
    }
    make_straight(path);
    if (!find_file(path)) {
        JS_ThrowReferenceError(context, "there is no module `%s` (%s imports it)", path, base);
        return NULL;
    }
    return js_strdup(context, path);
}

static char *name_of(JSContext *context, const char *base, const char *name, void *unused) {
    (void)unused;
    if (strcmp(name, HOST) == 0)
        return host_module(context, base);
    if (strcmp(name, "boxer") == 0)
        return js_strdup(context, "boxer:boxer");
    if (strncmp(name, "boxer:", 6) == 0 || strcmp(name, "std") == 0 || strcmp(name, "os") == 0)
        return js_strdup(context, name);
    if (*name == '.' || *name == '/')
        return file_of(context, base, name);
    return refuse_name(context, base, name);
}

static JSModuleDef *compiled(JSContext *context, const char *name, const char *text, size_t size) {
    JSValue function =
        JS_Eval(context, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(function))
        return NULL;
    js_module_set_import_meta(context, function, *name == '/', 0);
    JSModuleDef *module = JS_VALUE_GET_PTR(function);
    JS_FreeValue(context, function); // the context has it
    return module;
}

// export const kv = extension("kv"); ...
static JSModuleDef *load_host(JSContext *context, const char *name) {
    size_t room = strlen(name) * 40 + 256, used;
    char *text = malloc(room);
    if (!text)
        return NULL;
    used = (size_t)sprintf(text, "import { extension, everything } from 'boxer:calls';"
                                 "export default everything;");
    for (const char *at = name + strlen(HOST "/"); *at; at += strcspn(at, ",") + 1) {
        int length = (int)strcspn(at, ",");
        char one[MOST_NAMES];
        snprintf(one, sizeof one, "const %.*s =", length, at);
        if (!strstr(text, one))
            used += (size_t)sprintf(text + used, "const %.*s = extension('%.*s');export { %.*s };",
                                    length, at, length, at, length, at);
    }
    JSModuleDef *module = compiled(context, name, text, used);
    free(text);
    return module;
}

static JSModuleDef *load(JSContext *context, const char *name, void *unused) {
    (void)unused;
    char path[PATH_MAX];
    if (strncmp(name, HOST "/", strlen(HOST "/")) == 0)
        return load_host(context, name);
    snprintf(path, sizeof path, "%s", name);
    if (strncmp(name, "boxer:", 6) == 0)
        snprintf(path, sizeof path, OWN "%s.js", name + 6);
    size_t size;
    uint8_t *text = js_load_file(context, &size, path);
    if (!text) {
        JS_ThrowReferenceError(context, "the module `%s` cannot be read: %s", name,
                               strerror(errno));
        return NULL;
    }
    JSModuleDef *module = NULL;
    if (ends_with(path, ".json")) {
        char *made = malloc(size + 32);
        if (made) {
            size_t used = (size_t)sprintf(made, "export default ");
            memcpy(made + used, text, size);
            made[used + size] = 0;
            module = compiled(context, name, made, used + size);
            free(made);
        }
    } else {
        module = compiled(context, name, (char *)text, size);
    }
    js_free(context, text);
    return module;
}

void modules_begin(JSRuntime *runtime) {
    JS_SetModuleLoaderFunc(runtime, name_of, load, NULL);
}
