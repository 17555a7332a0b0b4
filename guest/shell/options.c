// set and shopt: what a script has switched on.
#include "shell.h"

#include "builtins.h"
#include "jobs.h"

#include <stdio.h>
#include <string.h>

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

static int set_letter(char letter, int on) {
    int *value = option(letter);
    if (letter == 'm')
        return psh_set_monitor(on);
    if (value)
        *value = on;
    else if (letter == 'i')
        psh.interactive = on;
    return value || strchr("bhilns", letter) ? 0 : -1;
}

static int set_long_option(const char *name, int on) {
    static const char *const names[] = {"errexit",   "nounset",  "xtrace",  "noglob",
                                        "allexport", "errtrace", "monitor", "notify"};
    if (name && strcmp(name, "pipefail") == 0) {
        psh.pipefail = on;
        return 0;
    }
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return set_letter("euxfaEmb"[i], on);
    psh_fail(2, "set: %s: not an option of this shell", name ? name : "-o");
    return 2;
}

int psh_set_options(char ***words) {
    for (; **words && (***words == '-' || ***words == '+') && (**words)[1]; (*words)++) {
        int on = ***words == '-';
        if (strcmp(**words, "--") == 0)
            return 0;
        for (const char *letter = **words + 1; *letter; letter++) {
            if (*letter == 'o' && (*words)[1]) {
                if (set_long_option(*++*words, on))
                    return 2;
                break;
            }
            if (set_letter(*letter, on) < 0) {
                psh_fail(2, "-%c: not an option of this shell", *letter);
                return 2;
            }
        }
    }
    return 0;
}

const char *psh_option_letters(void) {
    static char letters[12];
    snprintf(letters, sizeof letters, "%s%s%s%s%s%s", psh.errexit ? "e" : "", psh.noglob ? "f" : "",
             psh.interactive ? "i" : "", psh.monitor ? "m" : "", psh.nounset ? "u" : "",
             psh.xtrace ? "x" : "");
    return letters;
}

int psh_set_command(char **argv) {
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

// Those of bash's options that this shell has.
int psh_shopt(char **argv) {
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
