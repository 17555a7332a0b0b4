// Positional parameters: shift and getopts.
#include "shell.h"

#include "builtins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int psh_shift(char **argv) {
    size_t count = argv[1] ? strtoul(argv[1], NULL, 10) : 1;
    if (count > psh.arguments.count)
        return psh_error("shift: can't shift that many");
    struct psh_words rest = {0};
    for (size_t i = count; i < psh.arguments.count; i++)
        psh_add(&rest, psh.arguments.items[i]);
    psh.arguments = rest;
    return 0;
}

int psh_getopts(char **argv) {
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
