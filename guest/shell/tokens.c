// A script's text to its tokens: POSIX XCU 2.3.
#include "tokens.h"

#include "shell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct reader psh_reader;

void psh_complain(const char *problem) {
    if (!psh_reader.problem)
        psh_reader.problem = problem;
    psh_reader.token = END;
}

// The text grows in a place of its own; nodes hold on to the old ones.
int psh_more(void) {
    char *line = psh_reader.more ? psh_reader.more() : NULL;
    if (!line)
        return 0;
    size_t before = strlen(psh_reader.begin), length = strlen(line);
    char *text = psh_room(before + length + 1);
    memcpy(text, psh_reader.begin, before);
    memcpy(text + before, line, length);
    psh_reader.at = text + (psh_reader.at - psh_reader.begin);
    psh_reader.start = text + (psh_reader.start - psh_reader.begin);
    psh_reader.behind = text + (psh_reader.behind - psh_reader.begin);
    psh_reader.begin = text;
    return 1;
}

static void take_word(const char *start) {
    for (const char *p = start; p < psh_reader.at; p++)
        psh_reader.line += *p == '\n';
    psh_reader.text = psh_copy(start, psh_reader.at - start);
}

// What is not closed at the end of the text: null where all is.
static const char *scan_word(void) {
    const char *problem = NULL;
    if (*psh_reader.at == '<' || *psh_reader.at == '>') // `<(..)`
        psh_reader.at = psh_skip_dollar(psh_reader.at);
    if (psh_reader.list)
        psh_reader.at += psh_subscript_length(psh_reader.at);
    while (*psh_reader.at && !strchr(" \t\n|&;<>()", *psh_reader.at)) {
        const char *before = psh_reader.at;
        if (*psh_reader.at == '\\')
            psh_reader.at += psh_reader.at[1] ? 2 : 1;
        else if (*psh_reader.at == '\'' || *psh_reader.at == '"')
            psh_reader.at = psh_skip_quotes(psh_reader.at);
        else if (*psh_reader.at == '$' || *psh_reader.at == '`')
            psh_reader.at = psh_skip_dollar(psh_reader.at);
        else
            psh_reader.at++;
        if (psh_reader.at - before > 1 && !*psh_reader.at && strchr("'\"$`", *before)) {
            char last = psh_reader.at[-1];
            char wanted = *before != '$' ? *before : before[1] == '(' ? ')' : '}';
            if (*before == '$' && before[1] == '\'')
                wanted = '\'';
            if (last != wanted)
                problem = "something is not closed: a quote, `$(` or `${`";
        }
    }
    const char *start = psh_reader.start;
    if (psh_reader.at == start + 1 && (*start == '\'' || *start == '"' || *start == '`'))
        problem = "a quote is not closed";
    return problem;
}

// A line of the input ends in a new line: a word that goes to the end has it inside.
static void read_word(void) {
    const char *problem;
    do {
        psh_reader.at = psh_reader.start;
        problem = scan_word();
    } while (!*psh_reader.at && psh_reader.at[-1] == '\n' && psh_more());
    if (problem)
        psh_complain(problem);
    else
        take_word(psh_reader.start);
}

// Behind `=~`: up to a blank that no parentheses are around.
static void read_regex(void) {
    const char *start = psh_reader.at;
    int depth = 0;
    while (*psh_reader.at && (depth || !isspace((unsigned char)*psh_reader.at))) {
        if (*psh_reader.at == ')' && !depth)
            break;
        depth += (*psh_reader.at == '(') - (*psh_reader.at == ')');
        if (*psh_reader.at == '\\')
            psh_reader.at += psh_reader.at[1] ? 2 : 1;
        else if (*psh_reader.at == '\'' || *psh_reader.at == '"')
            psh_reader.at = psh_skip_quotes(psh_reader.at);
        else if (*psh_reader.at == '$' || *psh_reader.at == '`')
            psh_reader.at = psh_skip_dollar(psh_reader.at);
        else
            psh_reader.at++;
    }
    take_word(start);
}

// The text of a here-document: the lines up to its delimiter.
static void read_document(const struct document *document) {
    size_t length = 0, size = 256;
    char *text = psh_room(size);
    while (*psh_reader.at || psh_more()) {
        const char *line = psh_reader.at;
        size_t width = strcspn(line, "\n");
        psh_reader.at += width + (line[width] == '\n');
        psh_reader.line++;
        for (; document->strip && *line == '\t'; width--)
            line++;
        if (width == strlen(document->delimiter) && memcmp(line, document->delimiter, width) == 0)
            break;
        if (length + width + 2 > size) {
            size = 2 * (length + width + 2);
            text = memcpy(psh_room(size), text, length);
        }
        memcpy(text + length, line, width);
        length += width;
        text[length++] = '\n';
    }
    text[length] = 0;
    document->redirect->word = text;
}

static void read_documents(void) {
    for (; psh_reader.documents; psh_reader.documents = psh_reader.documents->next)
        read_document(psh_reader.documents);
}

static void skip_blanks(void) {
    for (;;) {
        psh_reader.at += strspn(psh_reader.at, " \t\r");
        if (*psh_reader.at == '\\' && psh_reader.at[1] == '\n')
            psh_reader.at += 2, psh_reader.line++;
        else if (*psh_reader.at == '#')
            psh_reader.at += strcspn(psh_reader.at, "\n");
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
        if (strncmp(psh_reader.at, operators[i], length) == 0) {
            psh_reader.at += length;
            psh_reader.token = OPERATOR;
            psh_reader.text = (char *)operators[i];
            return 1;
        }
    }
    return 0;
}

// What begins as an operator does and is a word.
static int read_special_word(void) {
    if (psh_reader.regex && *psh_reader.at && !isspace((unsigned char)*psh_reader.at))
        read_regex();
    else if (strncmp(psh_reader.at, "<(", 2) == 0 || strncmp(psh_reader.at, ">(", 2) == 0)
        read_word();
    else
        return 0;
    psh_reader.token = psh_reader.problem ? END : WORD;
    return 1;
}

void psh_advance(void) {
    if (psh_reader.problem)
        return;
    psh_reader.behind = psh_reader.at;
    do
        skip_blanks();
    while (!*psh_reader.at && psh_more());
    psh_reader.start = psh_reader.at;
    psh_reader.number = -1;
    if (read_special_word())
        return;
    size_t digits = strspn(psh_reader.at, "0123456789");
    if (digits == 1 && (psh_reader.at[1] == '<' || psh_reader.at[1] == '>'))
        psh_reader.number = *psh_reader.at++ - '0';
    if (!*psh_reader.at) {
        psh_reader.token = END;
        psh_reader.text = "";
    } else if (*psh_reader.at == '\n') {
        psh_reader.at++;
        psh_reader.line++;
        psh_reader.token = NEWLINE;
        psh_reader.text = "newline";
        read_documents();
    } else if (!read_operator()) {
        psh_reader.token = WORD;
        read_word();
    }
}

int psh_is(enum token token, const char *text) {
    return !psh_reader.problem && psh_reader.token == token && strcmp(psh_reader.text, text) == 0;
}

int psh_accept(enum token token, const char *text) {
    if (!psh_is(token, text))
        return 0;
    psh_advance();
    return 1;
}

void psh_expect(const char *word) {
    static char problem[80];
    if (psh_accept(strcmp(word, ")") == 0 ? OPERATOR : WORD, word) || psh_reader.problem)
        return;
    snprintf(problem, sizeof problem, "`%s` was expected", word);
    psh_complain(problem);
}

void psh_skip_newlines(void) {
    while (!psh_reader.problem && psh_reader.token == NEWLINE)
        psh_advance();
}
