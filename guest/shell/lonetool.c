// $(..) of one tool alone, such as $(dirname "$0"), without a second process.
//
// Invariant: nobody can see the difference. A tool changes nothing of the shell; its words are ones
// whose expansion changes nothing and cannot fail; and no signal has a meaning for the shell alone.
#include "process.h"

#include "jobs.h"
#include "shell.h"

#include "builtins.h"
#include "traps.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Behind `$name`, `${name}`, `${name%word}` and `${name#word}`. Null: it is something else.
static const char *skip_plain(const char *at) {
    const char *name = at + (*at == '{');
    size_t length = psh_name_length(name);
    if (strncmp(name, "BASHPID", 7) == 0)
        return NULL;
    if (*at != '{')
        return length ? at + length : *at && strchr("0123456789@*#?$!", *at) ? at + 1 : NULL;
    length = length ? length : strspn(name, "0123456789");
    return length && strchr("}%#", name[length]) ? name + length : NULL;
}

static int is_plain(const char *word) {
    while (word && *word) {
        if (*word == '`' || (strchr("<>", *word) && word[1] == '('))
            return 0;
        if (*word == '\\' && word[1])
            word += 2;
        else
            word = *word == '$' ? skip_plain(word + 1) : word + 1;
    }
    return word != NULL;
}

static int is_lone_tool(const struct psh_node *node) {
    const struct psh_node *command = node && !node->second ? node->first : NULL;
    if (!command || command->kind != PSH_SIMPLE || command->redirects || !command->words.count)
        return 0;
    char **words = command->words.items;
    const struct psh_builtin *tool =
        psh_builtin(words[strcmp(words[0], "command") == 0 && words[1] ? 1 : 0]);
    if (!tool || tool->kind < PSH_TOOL || psh_function(words[0]))
        return 0;
    for (; *words; words++)
        if (!is_plain(*words))
            return 0;
    return tool->kind == PSH_TOOL || psh_alone();
}

static int can_show(void) {
    return psh.nounset || psh.interactive || psh_controls() || psh_has_traps();
}

int psh_lone_output(struct psh_node *node, char **text) {
    int file = !can_show() && is_lone_tool(node) ? psh_scratch_file() : -1;
    if (file < 0)
        return 0;
    int status = psh.status, line = psh.line, errexit = psh.errexit;
    const struct psh_node *command = psh.command;
    struct psh_saved *saved = NULL;
    fflush(NULL);
    psh_save(1, &saved);
    dup2(file, 1);
    psh.errexit = 0;
    psh_run(node, 0);
    psh_restore(saved);
    psh.errexit = errexit;
    psh.substituted = psh.status + 1;
    psh.status = status;
    psh.line = line;
    psh.command = command;
    lseek(file, 0, SEEK_SET);
    *text = psh_read_output(file);
    close(file);
    return 1;
}
