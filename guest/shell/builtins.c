// The shell's own commands.
#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int run_nothing(char **argv) {
    (void)argv;
    return 0;
}

static int run_false(char **argv) {
    (void)argv;
    return 1;
}

static int run_cd(char **argv) {
    char folder[4096];
    const char *target = argv[1] && strcmp(argv[1], "--") == 0 ? argv[2] : argv[1];
    int back = target && strcmp(target, "-") == 0;
    target = back ? psh_get("OLDPWD") : target ? target : psh_get("HOME");
    char *old = getcwd(folder, sizeof folder) ? psh_copy(folder, strlen(folder)) : "";
    if (!target || chdir(target) < 0) {
        psh_warn("cd: can't cd to %s", target ? target : "the folder HOME names");
        return psh.bash ? 1 : 2;
    }
    psh_set("OLDPWD", old);
    psh_set("PWD", getcwd(folder, sizeof folder) ? folder : target);
    if (back)
        puts(target);
    return 0;
}

static int run_pwd(char **argv) {
    (void)argv;
    char folder[4096];
    if (!getcwd(folder, sizeof folder))
        return 1;
    puts(folder);
    return 0;
}

static int run_unset(char **argv) {
    int status = 0;
    int functions = argv[1] && strcmp(argv[1], "-f") == 0;
    if (functions || (argv[1] && strcmp(argv[1], "-v") == 0))
        argv++;
    while (*++argv) {
        if (!functions) {
            status |= psh_unset(*argv);
            continue;
        }
        for (struct psh_function **f = &psh.functions; *f;) {
            if (strcmp((*f)->name, *argv) == 0)
                *f = (*f)->next;
            else
                f = &(*f)->next;
        }
    }
    return status;
}

static int *option(char letter) {
    switch (letter) {
    case 'e':
        return &psh.errexit;
    case 'u':
        return &psh.nounset;
    case 'x':
        return &psh.xtrace;
    case 'f':
        return &psh.noglob;
    case 'a':
        return &psh.allexport;
    case 'E':
        return &psh.errtrace;
    default:
        return NULL;
    }
}

static int set_long_option(const char *name, int on) {
    static const char names[] = "errexit\0eerrtrace\0Enounset\0uxtrace\0xnoglob\0fallexport\0a";
    if (name && strcmp(name, "pipefail") == 0) {
        psh.pipefail = on;
        return 0;
    }
    for (const char *at = names; name && *at; at += strlen(at) + 2)
        if (strcmp(at, name) == 0) {
            *option(at[strlen(at) + 1]) = on;
            return 0;
        }
    psh_fail(2, "set: %s: not an option of this shell", name ? name : "-o");
    return 2;
}

int psh_set_options(char ***words) {
    for (; **words && (***words == '-' || ***words == '+') && (**words)[1]; (*words)++) {
        int on = ***words == '-';
        if (strcmp(**words, "--") == 0)
            return 0;
        for (const char *letter = **words + 1; *letter; letter++) {
            int *value = option(*letter);
            if (value)
                *value = on;
            else if (*letter == 'o' && (*words)[1]) {
                if (set_long_option(*++*words, on))
                    return 2;
                break;
            } else if (!strchr("mbhilns", *letter)) {
                psh_fail(2, "-%c: not an option of this shell", *letter);
                return 2;
            }
        }
    }
    return 0;
}

static int run_set(char **argv) {
    char **words = argv + 1;
    if (!*words) {
        psh_list_variables(0, 0);
        return 0;
    }
    if (psh_set_options(&words))
        return 2;
    int list = *words != NULL;
    if (*words && strcmp(*words, "--") == 0)
        words++;
    if (!list)
        return 0;
    psh.arguments = (struct psh_words){0};
    for (; *words; words++)
        psh_add(&psh.arguments, *words);
    return 0;
}

static int run_shift(char **argv) {
    size_t count = argv[1] ? strtoul(argv[1], NULL, 10) : 1;
    if (count > psh.arguments.count)
        return psh_error("shift: can't shift that many");
    struct psh_words rest = {0};
    for (size_t i = count; i < psh.arguments.count; i++)
        psh_add(&rest, psh.arguments.items[i]);
    psh.arguments = rest;
    return 0;
}

static int run_eval(char **argv) {
    struct psh_words text = {0};
    size_t length = 1;
    for (char **word = argv + 1; *word; word++)
        length += strlen(*word) + 1;
    char *script = psh_room(length);
    for (char **word = argv + 1; *word; word++) {
        strcat(script, *word);
        strcat(script, " ");
    }
    (void)text;
    return psh_run_text(script, 0);
}

char *psh_file(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t length = 0, size = 4096, got;
    char *text = psh_room(size);
    while ((got = fread(text + length, 1, size - length - 1, file)) > 0) {
        length += got;
        if (length + 1 == size) {
            char *larger = psh_room(2 * size);
            memcpy(larger, text, length);
            text = larger;
            size *= 2;
        }
    }
    fclose(file);
    text[length] = 0;
    return text;
}

// In PATH, then in this folder.
static char *sourced_file(const char *name) {
    char *text = psh_file(name), candidate[4096];
    const char *path = strchr(name, '/') ? "" : psh_get("PATH");
    while (!text && path && *path) {
        size_t length = strcspn(path, ":");
        snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, path, name);
        text = psh_file(candidate);
        path += length + (path[length] == ':');
    }
    return text;
}

// With arguments, which dash does not look at, bash gives the file parameters of its own.
static int run_dot(char **argv) {
    char *text = argv[1] ? sourced_file(argv[1]) : NULL;
    if (!text)
        return psh_error("%s: cannot open %s: %s", argv[0], argv[1] ? argv[1] : "",
                         strerror(errno));
    struct psh_words outer = psh.arguments;
    const char *source = psh.source;
    int own = argv[2] && (psh.bash || argv[0][0] == 's');
    if (own)
        psh.arguments = (struct psh_words){0};
    for (char **word = argv + 2; own && *word; word++)
        psh_add(&psh.arguments, *word);
    psh.source = argv[1];
    psh.calls++;
    psh_run_text(text, 0);
    psh.calls--;
    psh.source = source;
    if (own)
        psh.arguments = outer;
    if (psh.leaving == PSH_RETURN)
        psh.leaving = PSH_STAY;
    return psh.status;
}

static int run_exit(char **argv) {
    psh.leaving = PSH_EXIT;
    psh.status = argv[1] ? atoi(argv[1]) & 255 : psh.status;
    return psh.status;
}

static int run_return(char **argv) {
    if (psh.bash && !psh.calls)
        return psh_warn("return: not in a function or sourced file"), 2;
    psh.leaving = psh.calls ? PSH_RETURN : PSH_EXIT;
    return argv[1] ? atoi(argv[1]) & 255 : psh.status;
}

static int run_break(char **argv) {
    psh.levels = argv[1] ? atoi(argv[1]) : 1;
    if (psh.levels > psh.loops)
        psh.levels = psh.loops;
    if (psh.levels > 0)
        psh.leaving = argv[0][0] == 'b' ? PSH_BREAK : PSH_CONTINUE;
    return 0;
}

int psh_exec(char **argv) {
    if (!argv[1])
        return 0;
    int status = psh_call(argv + 1 + (strcmp(argv[1], "--") == 0), 1, 0);
    if (psh.leaving != PSH_EXEC) { // exec of what is not there ends a shell
        psh.status = status;
        psh.leaving = PSH_EXIT;
    }
    return status;
}

// The file a command's name means, null for none.
static char *file_of(const char *name) {
    const char *path = strchr(name, '/') ? "" : psh_get("PATH");
    for (char candidate[4096]; path;) {
        size_t length = strcspn(path, ":");
        snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, path, length ? "/" : "",
                 name);
        struct stat found;
        if (stat(candidate, &found) == 0 && S_ISREG(found.st_mode) && access(candidate, X_OK) == 0)
            return psh_copy(candidate, strlen(candidate));
        path = path[length] ? path + length + 1 : NULL;
    }
    return NULL;
}

static int run_command(char **argv) {
    if (argv[1] && (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "-V") == 0)) {
        for (struct psh_function *f = psh.functions; argv[2] && f; f = f->next)
            if (strcmp(f->name, argv[2]) == 0)
                return puts(argv[2]) < 0;
        if (argv[2] && psh_builtin(argv[2]))
            return puts(argv[2]) < 0;
        const char *path = argv[2] ? file_of(argv[2]) : NULL;
        if (path)
            return puts(path) < 0;
        return 127;
    }
    if (argv[1] && (strcmp(argv[1], "-p") == 0 || strcmp(argv[1], "--") == 0))
        argv++;
    return argv[1] ? psh_call(argv + 1, 0, 0) : 0;
}

// Bash's `type -t`: what kind of thing a name means.
static int run_kind(char **names) {
    int status = 0;
    for (; *names; names++) {
        const struct psh_function *f = psh.functions;
        while (f && strcmp(f->name, *names) != 0)
            f = f->next;
        char *path = f || psh_builtin(*names) ? NULL : file_of(*names);
        if (f || path || psh_builtin(*names))
            puts(f ? "function" : path ? "file" : "builtin");
        else
            status = 1;
    }
    return status;
}

static int run_type(char **argv) {
    int status = 0;
    if (psh.bash && argv[1] && strcmp(argv[1], "-t") == 0)
        return run_kind(argv + 2);
    while (*++argv) {
        if (psh_builtin(*argv))
            printf("%s is a shell builtin\n", *argv);
        else
            status |= run_command((char *[]){"command", "-v", *argv, NULL});
    }
    return status;
}

static int run_trap(char **argv) {
    if (!argv[1] || !argv[2])
        return 0;
    char *action = strcmp(argv[1], "-") == 0 || !*argv[1] ? NULL : argv[1];
    for (char **name = argv + 2; *name; name++) {
        if (strcasecmp(*name, "EXIT") == 0 || strcmp(*name, "0") == 0)
            psh.exit_trap = action;
        else if (strcasecmp(*name, "ERR") == 0)
            psh.error_trap = action;
        else if (strcasecmp(*name, "DEBUG") == 0 || strcasecmp(*name, "RETURN") == 0)
            psh_refuse("trap: %s is bash's, and not understood here", *name);
    }
    return psh.status * (psh.leaving != 0); // nobody signals a shell that is alone
}

// Those of bash's options that this shell has.
static int run_shopt(char **argv) {
    int on = argv[1] && strcmp(argv[1], "-s") == 0;
    if (!argv[1] || (!on && strcmp(argv[1], "-u") != 0)) {
        psh_refuse("shopt: only -s and -u are understood here");
        return 126;
    }
    for (char **name = argv + 2; *name && !psh.leaving; name++)
        if (strcmp(*name, "nullglob") == 0)
            psh.nullglob = on;
        else if (strcmp(*name, "inherit_errexit") == 0)
            psh.inherit = on;
        else
            psh_refuse("shopt: %s is not understood here", *name);
    return psh.leaving ? 126 : 0;
}

static int run_umask(char **argv) {
    if (argv[1]) {
        umask(strtoul(argv[1], NULL, 8));
        return 0;
    }
    mode_t mask = umask(0);
    umask(mask);
    printf("%04o\n", mask);
    return 0;
}

static int run_getopts(char **argv) {
    static int position = 1, inner = 1;
    if (!argv[1] || !argv[2]) {
        psh_warn("getopts: it takes letters and a variable");
        return 2;
    }
    const char *index = psh_get("OPTIND");
    if (index && atoi(index) != position)
        position = atoi(index) > 0 ? atoi(index) : 1, inner = 1;
    char **words = argv[3] ? argv + 3 : psh.arguments.items, number[12], letter[2] = "?";
    size_t count = 0;
    while (words && words[count])
        count++;
    const char *word = position <= (int)count ? words[position - 1] : NULL;
    int ends = !word || word[0] != '-' || !word[1] || strcmp(word, "--") == 0;
    if (word && strcmp(word, "--") == 0)
        position++;
    if (!ends) {
        psh_set("OPTARG", "");
        const char *known = word[inner] == ':' ? NULL : strchr(argv[1], word[inner]);
        letter[0] = known ? word[inner] : '?';
        inner++;
        if (!known && argv[1][0] != ':')
            psh_warn("Illegal option -%c", word[inner - 1]);
        if (known && known[1] == ':') {
            const char *value = word[inner] ? word + inner : words[position++];
            if (!value) {
                letter[0] = argv[1][0] == ':' ? ':' : '?';
                psh_warn("No arg for -%c option", word[inner - 1]);
            }
            psh_set("OPTARG", value ? value : "");
            position++;
            inner = 1;
        } else if (!word[inner]) {
            position++;
            inner = 1;
        }
    }
    snprintf(number, sizeof number, "%d", position);
    psh_set("OPTIND", number);
    psh_set(argv[2], letter);
    return ends;
}

// What would leave a script without the names or the folder it goes on with.
static int run_refused(char **argv) {
    psh_refuse("%s is bash's, and not understood here", argv[0]);
    return 126;
}

static int run_let(char **argv) {
    long long value = 0;
    while (*++argv && !psh.leaving)
        value = psh_arithmetic(*argv);
    return psh.leaving ? psh.status : !value;
}

static int run_env(char **argv) {
    const struct psh_variable *wanted = argv[1] ? psh_variable(argv[1]) : NULL;
    if (wanted)
        return !wanted->exported || !wanted->value || puts(wanted->value) < 0;
    for (char **variable = psh_environment(); *variable; variable++)
        puts(*variable);
    return 0;
}

const struct psh_builtin psh_builtins[] = {
    {":", run_nothing, 1},       {".", run_dot, 1},
    {"[", psh_test, 0},          {"basename", psh_basename, 0},
    {"break", run_break, 1},     {"cat", psh_cat, 0},
    {"cd", run_cd, 0},           {"chgrp", psh_chown, 0},
    {"chmod", psh_chmod, 0},     {"chown", psh_chown, 0},
    {"command", run_command, 0}, {"continue", run_break, 1},
    {"coproc", run_refused, 0},  {"cp", psh_cp, 0},
    {"declare", psh_declare, 0}, {"dirname", psh_dirname, 0},
    {"echo", psh_echo, 0},       {"eval", run_eval, 1},
    {"exec", psh_exec, 1},       {"exit", run_exit, 1},
    {"export", psh_mark, 1},     {"false", run_false, 0},
    {"getopts", run_getopts, 0}, {"hostname", psh_hostname, 0},
    {"id", psh_id, 0},           {"let", run_let, 0},
    {"ln", psh_ln, 0},           {"local", psh_declare, 0},
    {"mapfile", run_refused, 0}, {"mkdir", psh_mkdir, 0},
    {"mv", psh_mv, 0},           {"popd", run_refused, 0},
    {"printenv", run_env, 0},    {"printf", psh_printf, 0},
    {"pushd", run_refused, 0},   {"pwd", run_pwd, 0},
    {"read", psh_read, 0},       {"readarray", run_refused, 0},
    {"readonly", psh_mark, 1},   {"return", run_return, 1},
    {"rm", psh_remove, 0},       {"set", run_set, 1},
    {"shift", run_shift, 1},     {"shopt", run_shopt, 0},
    {"sleep", psh_sleep, 0},     {"source", run_dot, 1},
    {"test", psh_test, 0},       {"touch", psh_touch, 0},
    {"trap", run_trap, 1},       {"true", run_nothing, 0},
    {"type", run_type, 0},       {"typeset", psh_declare, 0},
    {"ulimit", run_nothing, 0},  {"umask", run_umask, 0},
    {"unset", run_unset, 1},     {"wait", run_nothing, 0},
    {"whoami", psh_whoami, 0},   {0},
};

const struct psh_builtin *psh_builtin(const char *name) {
    for (const struct psh_builtin *builtin = psh_builtins; builtin->name; builtin++)
        if (strcmp(builtin->name, name) == 0)
            return builtin;
    return NULL;
}
