// A script's text to its tree: POSIX XCU 2.10. Words stay as they are written (expand.c reads
// them).
#include "shell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum token { END, NEWLINE, WORD, OPERATOR };

struct document {
    struct document *next;
    struct psh_redirect *redirect;
    char *delimiter;
    int strip;
};

static struct {
    const char *at;
    enum token token;
    char *text; // of a word or operator
    int number; // of a redirection, -1 without one
    int line;
    int regex; // the next word is one: `(`, `|` and `<` belong to it
    const char *problem;
    struct document *documents; // whose text begins after this line
} reader;

static struct psh_node *read_list(void);
static struct psh_node *read_command(void);

static void complain(const char *problem) {
    if (!reader.problem)
        reader.problem = problem;
    reader.token = END;
}

const char *psh_skip_quotes(const char *at) {
    char quote = *at++;
    while (*at && *at != quote) {
        if (quote == '"' && *at == '\\' && at[1])
            at += 2;
        else if (quote == '"' && ((*at == '$' && at[1] != '\'') || *at == '`'))
            at = psh_skip_dollar(at);
        else
            at++;
    }
    return *at ? at + 1 : at;
}

static int word_at(const char *at, const char *word) {
    size_t length = strlen(word);
    return strncmp(at, word, length) == 0 && (!at[length] || strchr(" \t\n;&|)", at[length]));
}

// Behind the `close` that matches. In a `case` of a `$(`, patterns end with a `)` of their own.
static const char *skip_nested(const char *at, char open, char close) {
    int depth = 1, begins = 1, cases = 0; // begins: a word could begin here
    while (*at && depth) {
        char character = *at;
        if (begins && open == '(')
            cases += word_at(at, "case") - (cases && word_at(at, "esac"));
        if (character == '\\' && at[1])
            at += 2;
        else if (character == '\'' || character == '"')
            at = psh_skip_quotes(at);
        else if (character == '$' || character == '`')
            at = psh_skip_dollar(at);
        else if (character == '#' && begins && open == '(')
            at += strcspn(at, "\n");
        else if (character == close && cases && depth == 1)
            at++;
        else
            depth += (character == open) - (character == close), at++;
        begins = isspace((unsigned char)character) || character == ';' || character == '(';
    }
    return at;
}

// Behind the end of `$'..'`.
static const char *skip_escaped(const char *at) {
    while (*at && *at != '\'')
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

const char *psh_skip_dollar(const char *at) {
    if (*at == '`') {
        for (at++; *at && *at != '`'; at++)
            if (*at == '\\' && at[1])
                at++;
        return *at ? at + 1 : at;
    }
    if (at[1] == '(')
        return skip_nested(at + 2, '(', ')');
    if (at[1] == '\'' && psh.bash)
        return skip_escaped(at + 2);
    if (at[1] == '{')
        return skip_nested(at + 2, '{', '}');
    return at + 1;
}

static void take_word(const char *start) {
    for (const char *p = start; p < reader.at; p++)
        reader.line += *p == '\n';
    reader.text = psh_copy(start, reader.at - start);
}

static void read_word(void) {
    const char *start = reader.at;
    if (*reader.at == '<') // `<(..)`
        reader.at = psh_skip_dollar(reader.at);
    while (*reader.at && !strchr(" \t\n|&;<>()", *reader.at)) {
        const char *before = reader.at;
        if (*reader.at == '\\')
            reader.at += reader.at[1] ? 2 : 1;
        else if (*reader.at == '\'' || *reader.at == '"')
            reader.at = psh_skip_quotes(reader.at);
        else if (*reader.at == '$' || *reader.at == '`')
            reader.at = psh_skip_dollar(reader.at);
        else
            reader.at++;
        if (reader.at - before > 1 && !*reader.at && strchr("'\"$`", *before)) {
            char last = reader.at[-1];
            char wanted = *before != '$' ? *before : before[1] == '(' ? ')' : '}';
            if (*before == '$' && before[1] == '\'')
                wanted = '\'';
            if (last != wanted)
                complain("something is not closed: a quote, `$(` or `${`");
        }
    }
    if (reader.at == start + 1 && (*start == '\'' || *start == '"' || *start == '`'))
        complain("a quote is not closed");
    take_word(start);
}

// Behind `=~`: up to a blank that no parentheses are around.
static void read_regex(void) {
    const char *start = reader.at;
    int depth = 0;
    while (*reader.at && (depth || !isspace((unsigned char)*reader.at))) {
        if (*reader.at == ')' && !depth)
            break;
        depth += (*reader.at == '(') - (*reader.at == ')');
        if (*reader.at == '\\')
            reader.at += reader.at[1] ? 2 : 1;
        else if (*reader.at == '\'' || *reader.at == '"')
            reader.at = psh_skip_quotes(reader.at);
        else if (*reader.at == '$' || *reader.at == '`')
            reader.at = psh_skip_dollar(reader.at);
        else
            reader.at++;
    }
    take_word(start);
}

// The lines up to the delimiter, for each here-document that was announced on the line before.
static void read_documents(void) {
    for (; reader.documents; reader.documents = reader.documents->next) {
        struct document *document = reader.documents;
        const char *start = reader.at;
        char *text = psh_copy(start, strlen(start));
        size_t length = 0;
        for (;;) {
            if (!*reader.at)
                break;
            const char *line = reader.at;
            size_t size = strcspn(line, "\n");
            reader.at += size + (line[size] == '\n');
            reader.line++;
            if (document->strip)
                while (*line == '\t')
                    line++, size--;
            if (size == strlen(document->delimiter) &&
                strncmp(line, document->delimiter, size) == 0)
                break;
            memcpy(text + length, line, size);
            length += size;
            text[length++] = '\n';
        }
        text[length] = 0;
        document->redirect->word = text;
    }
}

static void skip_blanks(void) {
    for (;;) {
        reader.at += strspn(reader.at, " \t\r");
        if (*reader.at == '\\' && reader.at[1] == '\n')
            reader.at += 2, reader.line++;
        else if (*reader.at == '#')
            reader.at += strcspn(reader.at, "\n");
        else
            return;
    }
}

static int read_operator(void) {
    static const char *const operators[] = {"&>>", "&>", "&&", "||", "|&", ";;", "<<<",
                                            "<<-", "<<", ">>", "<&", ">&", "<>", ">|",
                                            "|",   "&",  ";",  "<",  ">",  "(",  ")"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i]);
        if (strncmp(operators[i], "&>", 2) == 0 && !psh.bash)
            continue; // `&`, then `>`
        if (strncmp(reader.at, operators[i], length) == 0) {
            reader.at += length;
            reader.token = OPERATOR;
            reader.text = (char *)operators[i];
            return 1;
        }
    }
    return 0;
}

// What begins as an operator does and is a word.
static int read_special_word(void) {
    if (reader.regex && *reader.at && !isspace((unsigned char)*reader.at))
        read_regex();
    else if (strncmp(reader.at, "<(", 2) == 0)
        read_word();
    else
        return 0;
    reader.token = WORD;
    return 1;
}

static void advance(void) {
    if (reader.problem)
        return;
    skip_blanks();
    reader.number = -1;
    if (read_special_word())
        return;
    if (strncmp(reader.at, ">(", 2) == 0) {
        complain("`>(..)` would have to run beside its writer: a box is one process");
        return;
    }
    size_t digits = strspn(reader.at, "0123456789");
    if (digits == 1 && (reader.at[1] == '<' || reader.at[1] == '>'))
        reader.number = *reader.at++ - '0';
    if (!*reader.at) {
        reader.token = END;
        reader.text = "";
    } else if (*reader.at == '\n') {
        reader.at++;
        reader.line++;
        reader.token = NEWLINE;
        reader.text = "newline";
        read_documents();
    } else if (!read_operator()) {
        reader.token = WORD;
        read_word();
    }
}

static int is(enum token token, const char *text) {
    return !reader.problem && reader.token == token && strcmp(reader.text, text) == 0;
}

static int accept(enum token token, const char *text) {
    if (!is(token, text))
        return 0;
    advance();
    return 1;
}

static void expect(const char *word) {
    static char problem[80];
    if (accept(strcmp(word, ")") == 0 ? OPERATOR : WORD, word) || reader.problem)
        return;
    snprintf(problem, sizeof problem, "`%s` was expected", word);
    complain(problem);
}

static void skip_newlines(void) {
    while (!reader.problem && reader.token == NEWLINE)
        advance();
}

static struct psh_node *node_of(enum psh_kind kind, struct psh_node *a, struct psh_node *b) {
    struct psh_node *node = psh_room(sizeof *node);
    node->kind = kind;
    node->first = a;
    node->second = b;
    node->line = reader.line;
    return node;
}

static char *unquoted(const char *word, int *quoted) {
    char *text = psh_room(strlen(word) + 1), *out = text;
    for (*quoted = 0; *word; word++) {
        if (*word == '\'' || *word == '"' || *word == '\\')
            *quoted = 1;
        else
            *out++ = *word;
    }
    return text;
}

static int read_redirect(struct psh_redirect ***end) {
    if (reader.problem || reader.token != OPERATOR ||
        (!strchr("<>", *reader.text) && strncmp(reader.text, "&>", 2) != 0))
        return 0;
    struct psh_redirect *redirect = psh_room(sizeof *redirect);
    redirect->operator = reader.text;
    redirect->fd = reader.number >= 0 ? reader.number : *reader.text == '>';
    int strip = strcmp(reader.text, "<<-") == 0;
    int document = strip || strcmp(reader.text, "<<") == 0;
    advance();
    if (reader.token != WORD) {
        complain("a redirection has no file");
        return 0;
    }
    redirect->word = reader.text;
    if (document) {
        struct document *entry = psh_room(sizeof *entry), **last = &reader.documents;
        redirect->operator = "<<";
        entry->redirect = redirect;
        entry->delimiter = unquoted(reader.text, &redirect->literal);
        entry->strip = strip;
        while (*last)
            last = &(*last)->next;
        *last = entry;
    }
    advance();
    **end = redirect;
    *end = &redirect->next;
    return 1;
}

static struct psh_node *read_if(void) {
    struct psh_node *node = node_of(PSH_IF, read_list(), NULL);
    expect("then");
    node->second = read_list();
    if (accept(WORD, "elif")) {
        node->third = read_if();
        return node; // the innermost has read the `fi`
    }
    if (accept(WORD, "else"))
        node->third = read_list();
    expect("fi");
    return node;
}

static struct psh_node *read_body(void) {
    skip_newlines();
    expect("do");
    struct psh_node *body = read_list();
    expect("done");
    return body;
}

// `(( expression ))`: null where it is a subshell in a subshell.
static struct psh_node *read_arithmetic(void) {
    const char *start = reader.at + 1, *end;
    if (!psh.bash || !is(OPERATOR, "(") || *reader.at != '(')
        return NULL;
    end = skip_nested(start, '(', ')');
    if (end[-1] != ')' || *end != ')')
        return NULL;
    struct psh_node *node = node_of(PSH_ARITHMETIC, NULL, NULL);
    node->name = psh_copy(start, end - 1 - start);
    reader.at = end + 1;
    advance();
    return node;
}

// for ((first; condition; step))
static struct psh_node *read_steps(struct psh_node *node) {
    const char *at = node->name + strspn(node->name, " \t\n");
    node->kind = PSH_STEPS;
    for (; node->words.count < 3; at += strspn(at, " \t\n")) {
        size_t length = strcspn(at, ";");
        psh_add(&node->words, psh_copy(at, length));
        at += length + (at[length] && node->words.count < 3);
        if (!*at && node->words.count < 2)
            complain("`for ((` has three expressions, with `;` between them");
    }
    if (*at)
        complain("`for ((` has three expressions");
    accept(OPERATOR, ";");
    skip_newlines();
    if (!accept(WORD, "{")) {
        node->first = read_body();
        return node;
    }
    node->first = read_list();
    expect("}");
    return node;
}

static struct psh_node *read_for(void) {
    struct psh_node *node = read_arithmetic();
    if (node)
        return read_steps(node);
    node = node_of(PSH_FOR, NULL, NULL);
    if (reader.token != WORD || psh_name_length(reader.text) != strlen(reader.text))
        complain("`for` has no variable");
    node->name = reader.text;
    advance();
    skip_newlines();
    if (accept(WORD, "in")) {
        node->has_list = 1;
        while (!reader.problem && reader.token == WORD) {
            psh_add(&node->words, reader.text);
            advance();
        }
    }
    accept(OPERATOR, ";");
    node->first = read_body();
    return node;
}

static struct psh_node *read_case(void) {
    struct psh_node *node = node_of(PSH_CASE, NULL, NULL), **arm = &node->first;
    if (reader.token != WORD)
        complain("`case` has no word");
    node->name = reader.text;
    advance();
    skip_newlines();
    expect("in");
    skip_newlines();
    while (!reader.problem && !is(WORD, "esac")) {
        *arm = node_of(PSH_GROUP, NULL, NULL);
        accept(OPERATOR, "(");
        do {
            if (reader.token != WORD)
                complain("a pattern was expected");
            psh_add(&(*arm)->words, reader.text);
            advance();
        } while (accept(OPERATOR, "|"));
        expect(")");
        (*arm)->first = read_list();
        arm = &(*arm)->second;
        if (!accept(OPERATOR, ";;"))
            break;
        skip_newlines();
    }
    expect("esac");
    return node;
}

// POSIX has names of variables here, bash nearly everything.
static int names_function(const char *word) {
    return psh.bash ? !strpbrk(word, "$'\"\\`=") : psh_name_length(word) == strlen(word);
}

// name[..]=
static int sets_element(const char *word) {
    size_t length = psh_name_length(word);
    const char *close = length && word[length] == '[' ? strchr(word + length, ']') : NULL;
    return psh.bash && close && (close[1] == '=' || (close[1] == '+' && close[2] == '='));
}

// Behind its name.
static void read_function(struct psh_node *node, const char *name) {
    if (accept(OPERATOR, "("))
        expect(")");
    skip_newlines();
    node->kind = PSH_FUNCTION;
    node->name = (char *)name;
    node->first = read_command();
}

// `function name`, with `()` or without.
static struct psh_node *read_named_function(void) {
    struct psh_node *node = node_of(PSH_FUNCTION, NULL, NULL);
    const char *name = reader.text;
    if (reader.token != WORD)
        complain("`function` has no name");
    advance();
    read_function(node, name);
    return node;
}

static int is_unary(const char *word) {
    return word[0] == '-' && word[1] && !word[2] && strchr("nzvterwxfdshLpSbcgu", word[1]);
}

static int is_binary(void) {
    static const char *const names[] = {"=",   "==",  "!=",  "=~",  "-eq", "-ne", "-lt",
                                        "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(WORD, names[i]))
            return 1;
    return is(OPERATOR, "<") || is(OPERATOR, ">");
}

static void read_operand(struct psh_node *node) {
    if (!reader.problem && (reader.token != WORD || is(WORD, "]]")))
        complain("a word was expected within `[[ ]]`");
    psh_add(&node->words, reader.text);
    advance();
}

static struct psh_node *read_either(void);

static struct psh_node *read_condition(void) {
    if (accept(WORD, "!"))
        return node_of(PSH_NOT, read_condition(), NULL);
    struct psh_node *node = node_of(PSH_CONDITION, NULL, NULL);
    if (accept(OPERATOR, "(")) {
        node = read_either();
        expect(")");
        return node;
    }
    read_operand(node);
    if (is_binary()) {
        psh_add(&node->words, reader.text);
        reader.regex = strcmp(reader.text, "=~") == 0;
        advance();
        reader.regex = 0;
        read_operand(node);
    } else if (is_unary(node->words.items[0])) {
        read_operand(node);
    }
    return node;
}

static struct psh_node *read_both(void) {
    skip_newlines();
    struct psh_node *left = read_condition();
    for (skip_newlines(); accept(OPERATOR, "&&"); skip_newlines()) {
        skip_newlines();
        left = node_of(PSH_AND, left, read_condition());
    }
    return left;
}

static struct psh_node *read_either(void) {
    struct psh_node *left = read_both();
    while (accept(OPERATOR, "||"))
        left = node_of(PSH_OR, left, read_both());
    return left;
}

static struct psh_node *read_simple(void) {
    struct psh_node *node = node_of(PSH_SIMPLE, NULL, NULL);
    struct psh_redirect **end = &node->redirects;
    for (;;) {
        if (!reader.problem && reader.token == WORD) {
            psh_add(&node->words, reader.text);
            const char *word = reader.text;
            advance();
            if (node->words.count == 1 && !node->redirects && is(OPERATOR, "(") &&
                names_function(word)) {
                read_function(node, word);
                return node;
            }
            if ((node->words.count == 1 && sets_element(word)) ||
                (is(OPERATOR, "(") && psh_assignment(word) && word[strlen(word) - 1] == '='))
                complain("`name=(..)` and `name[..]=` are of arrays, which this shell has not");
        } else if (!read_redirect(&end)) {
            break;
        }
    }
    if (!node->words.count && !node->redirects)
        complain(reader.token == END ? "the script ends in the middle of a command"
                                     : "a command was expected");
    return node;
}

static struct psh_node *read_command(void) {
    struct psh_node *node;
    int line = reader.line;
    if (accept(WORD, "if")) {
        node = read_if();
    } else if ((node = read_arithmetic())) {
        ;
    } else if (accept(WORD, "[[")) {
        node = node_of(PSH_TEST, read_either(), NULL);
        expect("]]");
    } else if (accept(WORD, "function")) {
        node = read_named_function();
        node->line = line;
        return node;
    } else if (is(WORD, "while") || is(WORD, "until")) {
        node = node_of(is(WORD, "while") ? PSH_WHILE : PSH_UNTIL, NULL, NULL);
        advance();
        node->first = read_list();
        node->second = read_body();
    } else if (accept(WORD, "for")) {
        node = read_for();
    } else if (accept(WORD, "case")) {
        node = read_case();
    } else if (accept(WORD, "{")) {
        node = node_of(PSH_GROUP, read_list(), NULL);
        expect("}");
    } else if (accept(OPERATOR, "(")) {
        node = node_of(PSH_SUBSHELL, read_list(), NULL);
        expect(")");
    } else {
        node = read_simple();
        node->line = line;
        return node;
    }
    node->line = line;
    struct psh_redirect **end = &node->redirects;
    while (read_redirect(&end))
        ;
    return node;
}

// `a |& b` is `a 2>&1 | b`.
static void add_errors(struct psh_node *node) {
    struct psh_redirect **end = &node->redirects, *errors = psh_room(sizeof *errors);
    while (*end)
        end = &(*end)->next;
    *errors = (struct psh_redirect){.fd = 2, .operator = ">&", .word = "1"};
    *end = errors;
}

static struct psh_node *read_pipeline(void) {
    if (accept(WORD, "!"))
        return node_of(PSH_NOT, read_pipeline(), NULL);
    struct psh_node *left = read_command();
    if (is(OPERATOR, "|&"))
        add_errors(left);
    if (accept(OPERATOR, "|") || accept(OPERATOR, "|&")) {
        skip_newlines();
        left = node_of(PSH_PIPE, left, read_pipeline());
    }
    return left;
}

static struct psh_node *read_and_or(void) {
    struct psh_node *left = read_pipeline();
    for (;;) {
        enum psh_kind kind = is(OPERATOR, "&&") ? PSH_AND : PSH_OR;
        if (!accept(OPERATOR, "&&") && !accept(OPERATOR, "||"))
            return left;
        skip_newlines();
        left = node_of(kind, left, read_pipeline());
    }
}

static int ends_list(void) {
    static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
    if (reader.problem || reader.token == END || is(OPERATOR, ")") || is(OPERATOR, ";;"))
        return 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(WORD, words[i]))
            return 1;
    return 0;
}

static struct psh_node *read_list(void) {
    struct psh_node *list = NULL, **end = &list;
    skip_newlines();
    while (!ends_list()) {
        struct psh_node *command = read_and_or();
        if (accept(OPERATOR, "&"))
            command = node_of(PSH_BACKGROUND, command, NULL);
        else if (!accept(OPERATOR, ";") && !reader.problem && reader.token != NEWLINE &&
                 !ends_list())
            complain("an operator or a new line was expected");
        *end = node_of(PSH_SEQUENCE, command, NULL);
        end = &(*end)->second;
        skip_newlines();
    }
    return list;
}

struct psh_node *psh_parse(const char *text, int *failed) {
    typeof(reader) outer = reader;
    memset(&reader, 0, sizeof reader);
    reader.at = text;
    reader.line = 1;
    advance();
    struct psh_node *list = read_list();
    if (!reader.problem && reader.token != END) {
        static char problem[80];
        snprintf(problem, sizeof problem, "`%.40s` is not expected here", reader.text);
        complain(problem);
    }
    *failed = reader.problem != NULL;
    if (*failed) {
        psh.line = reader.line;
        psh_warn("syntax error: %s", reader.problem);
    }
    reader = outer;
    return *failed ? NULL : list;
}
