// The shell's own commands, each with its arguments from its name on; and what they share.
#ifndef SHELL_BUILTINS_H
#define SHELL_BUILTINS_H

#include <stddef.h>

// builtins.c, test.c, print.c, tools.c: status
struct psh_builtin {
    const char *name;
    int (*run)(char **argv);
    // SPECIAL, XCU 2.14: assignments stay, errors end the script. TOOL: `exec` finds a program of
    // this name elsewhere. PROGRAM: the stand-in of a program, where no process can be made.
    enum { PSH_ORDINARY, PSH_SPECIAL, PSH_TOOL, PSH_PROGRAM } kind;
};
const struct psh_builtin *psh_builtin(const char *name);
int psh_run_builtin(const struct psh_builtin *builtin, char **argv);
int psh_test(char **argv);
int psh_test_unary(char kind, const char *word);
int psh_test_files(const char *one, const char *operator, const char * other);
int psh_declare(char **argv);
int psh_declares(const char *command); // whether NAME=WORD behind it is an assignment
void psh_put_quoted(const char *text);
int psh_mark(char **argv);
void psh_list_variables(int exported, int readonly);
// Behind the backslash of an escape: its character; ESCAPE_END of \c, ESCAPE_NONE of no escape.
enum { ESCAPE_NONE = -1, ESCAPE_END = -2 };
const char *psh_escape(const char *at, int octal_zero, int *character);
int psh_echo(char **argv);
int psh_printf(char **argv);
int psh_read(char **argv);
// Up to the delimiter. marks: which characters were behind a backslash; ended: nothing follows.
char *psh_read_line(int raw, char delimiter, char **marks, int *ended);
int psh_cat(char **argv);
int psh_mkdir(char **argv);
int psh_remove(char **argv);
int psh_touch(char **argv);
int psh_sleep(char **argv);
int psh_basename(char **argv);
int psh_dirname(char **argv);
// What a tool of ours does not know, toybox may, where the tool is a program: it goes on as that.
void psh_refuse_option(const char *command, const char *option);
const char *psh_options(char **argv, const char *known); // the letters; null: said
int psh_number(const char *text, unsigned *number);      // of a user or a group
char *psh_within(const char *folder, const char *name);
int psh_head(char **argv);
int psh_wc(char **argv);

int psh_mapfile(char **argv); // arrays.c

// options.c, scripts.c, lookup.c, arguments.c
int psh_set_options(char ***words);
int psh_set_command(char **argv);
int psh_shopt(char **argv);
const char *psh_option_letters(void);
char *psh_file(const char *path); // what is in it; null with errno
int psh_eval(char **argv);
int psh_dot(char **argv);
char *psh_find(const char *name, int *error); // the file of a command
int psh_command(char **argv);
int psh_type(char **argv);
int psh_shift(char **argv);
int psh_getopts(char **argv);

// accounts.c, modes.c, move.c
int psh_id(char **argv);
int psh_whoami(char **argv);
int psh_hostname(char **argv);
int psh_chmod(char **argv);
int psh_chown(char **argv); // and chgrp
int psh_cp(char **argv);
int psh_mv(char **argv);
int psh_ln(char **argv);

#endif
