// A script's text as tokens: what the parser's parts share.
#ifndef SHELL_TOKENS_H
#define SHELL_TOKENS_H

#include "shell.h"

enum token { END, NEWLINE, WORD, OPERATOR };

struct document {
    struct document *next;
    struct psh_redirect *redirect;
    char *delimiter;
    int strip;
};

struct reader {
    const char *begin, *at;
    psh_lines more; // lines behind the text, null without them
    enum token token;
    char *text; // of a word or operator
    int number; // of a redirection, -1 without one
    int line;
    int regex;          // the next word is one: `(`, `|` and `<` belong to it
    int list;           // of `name=(..)`: a word may begin with `[..]`, blanks and all
    const char *start;  // of the token
    const char *behind; // the token before it
    const char *problem;
    struct document *documents; // whose text begins after this line
};
extern struct reader psh_reader;

void psh_complain(const char *problem);
int psh_more(void); // one more line: 0 at the end
void psh_advance(void);
int psh_is(enum token token, const char *text);
int psh_accept(enum token token, const char *text);
void psh_expect(const char *word);
void psh_skip_newlines(void);

// parse.c
struct psh_node *psh_node_of(enum psh_kind kind, struct psh_node *a, struct psh_node *b);
struct psh_node *psh_read_list(void);
struct psh_node *psh_read_command(void);

// simpleparse.c
int psh_read_redirect(struct psh_redirect ***end);
struct psh_node *psh_read_simple(void);
struct psh_node *psh_read_named_function(void);

// compoundparse.c
struct psh_node *psh_read_compound(void); // null: the token begins none

// conditionparse.c
struct psh_node *psh_read_condition(void); // behind `[[`

#endif
