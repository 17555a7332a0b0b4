// `sh` as a program of a box.
#include "shell.h"

#include "builtins.h"
#include "jobs.h"
#include "traps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What an argument vector asks for: options, then -c SCRIPT, a file, or, with null, standard input.
static char *script_of(char **argv) {
    char **words = argv + 1, *script = NULL;
    int from_argument = 0, from_input = 0;
    for (; *words && (**words == '-' || **words == '+') && (*words)[1]; words++) {
        if (strcmp(*words, "--") == 0) {
            words++;
            break;
        }
        if ((*words)[1] == '-') // --login, --norc: bash's
            continue;
        char *c = **words == '-' ? strchr(*words, 'c') : NULL;
        if (c) {
            from_argument = 1;
            memmove(c, c + 1, strlen(c));
            if (!(*words)[1])
                continue;
        }
        from_input |= **words == '-' && strchr(*words, 's') && !strchr(*words, 'o');
        // One word at a time, since -c may follow it; -o has its name in the next.
        char *one[] = {words[0], strchr(words[0], 'o') ? words[1] : NULL, NULL}, **option = one;
        if (psh_set_options(&option))
            return NULL;
        words += option - one - 1;
    }
    if (from_argument) {
        if (!*words) {
            psh_fail(2, "-c requires an argument");
            return NULL;
        }
        script = *words++;
        if (*words)
            psh.name = *words++;
    } else if (*words && !from_input) {
        script = psh_file(*words);
        if (!script) {
            psh_fail(errno == ENOENT ? 127 : 126, "cannot open %s: %s", *words, strerror(errno));
            return NULL;
        }
        psh.source = psh.name = *words++;
    }
    for (; *words; words++)
        psh_add(&psh.arguments, *words);
    return script;
}

static char *base_name(char *path) {
    char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "sh";
}

static void set_number(const char *name, long long value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    psh_set(name, text);
}

static void begin(char **argv, char **environment) {
    char folder[4096];
    memset(&psh, 0, sizeof psh);
    psh.name = argv[0] ? argv[0] : "sh";
    psh.bash = strcmp(base_name(argv[0]), "bash") == 0;
    psh.line = 1;
    psh.process = getpid();
    psh_restart_seconds("0");
    psh_import(environment);
    psh_variable("IFS")->exported = psh_variable("PPID")->exported = 0;
    psh_set("IFS", " \t\n");
    psh_set("OPTIND", "1");
    set_number("PPID", getppid());
    if (getcwd(folder, sizeof folder))
        psh_set("PWD", folder);
}

static void begin_interactive(void) {
    if (!psh_get("PS1"))
        psh_set("PS1", getuid() ? "$ " : "# ");
    if (!psh_get("PS2"))
        psh_set("PS2", "> ");
    psh_signals_update();
    psh_set_monitor(1);
}

// `cat` and its like: a command of the shell as a program.
static int run_tool(const struct psh_builtin *tool, char **argv) {
    struct psh_words given = {0};
    argv[0] = psh.name = base_name(argv[0]);
    psh.line = 0;
    for (char **word = argv; *word; word++)
        psh_add(&given, *word);
    psh.given = given.items;
    return psh_run_builtin(tool, argv);
}

int psh_main(int argc, char **argv, char **environment) {
    (void)argc;
    begin(argv, environment);
    const struct psh_builtin *tool = psh_builtin(base_name(argv[0]));
    if (tool && tool->kind >= PSH_TOOL)
        return run_tool(tool, argv);
    psh_signals_begin();
    char *script = script_of(argv);
    psh.interactive |= !script && !psh.leaving && isatty(0) && isatty(2);
    if (psh.interactive)
        begin_interactive();
    if (script)
        psh_run_text(script, 1);
    else if (!psh.leaving)
        psh_run_input();
    psh_run_exit_trap();
    psh_set_monitor(0);
    fflush(NULL);
    return psh.status;
}
