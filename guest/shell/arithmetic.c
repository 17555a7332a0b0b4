// $((...)): C's integer expressions (XCU 2.6.4), on 64 bits.
#include "shell.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *at;
static int skipped; // inside of what && or || or ?: leaves out: nothing is assigned

static long long conditional(void);
static long long sequence(void);

static int operator(const char *text) {
    at += strspn(at, " \t\n");
    size_t length = strlen(text);
    if (strncmp(at, text, length) != 0)
        return 0;
    at += length;
    return 1;
}

// Like operator(), for the first of a longer one: `<` is not the begin of `<<` or `<=`.
static int lone(char character, const char *not_before) {
    at += strspn(at, " \t\n");
    if (*at != character || (at[1] && strchr(not_before, at[1])))
        return 0;
    at++;
    return 1;
}

static long long complain(const char *what) {
    if (!psh.leaving)
        psh_fail(2, "arithmetic: %s", what);
    at += strlen(at);
    return 0;
}

static long long value_of(const char *name) {
    const char *value = psh_parameter(name);
    return value && *value ? strtoll(value, NULL, 0) : 0;
}

static long long apply(char kind, long long left, long long right) {
    unsigned long long a = left, b = right;
    switch (kind) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '<':
        return a << (b & 63);
    case '>':
        return left >> (b & 63);
    case '&':
        return a & b;
    case '|':
        return a | b;
    case '^':
        return a ^ b;
    default: // division and remainder
        if (!right)
            return skipped ? 0 : complain("division by zero");
        if (right == -1)
            return kind == '/' ? (long long)(0 - a) : 0;
        return kind == '/' ? left / right : left % right;
    }
}

static void assign(const char *name, long long value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    if (!skipped)
        psh_set(name, text);
}

// The name at `at`, with the brackets behind it, whose number is found once.
static char *read_name(void) {
    size_t length = psh_name_length(at), width = psh_subscript_length(at + length);
    char *name = psh_copy(at, length + width), *inside = psh_copy(at + length, width);
    at += length + width;
    if (!width || psh_is_keyed(name) || skipped)
        return name;
    inside[width - 1] = 0;
    const char *index = psh_decimal(psh_arithmetic(inside + 1));
    char *text = psh_room(length + strlen(index) + 3);
    memcpy(text, name, length);
    strcat(strcat(strcat(text, "["), index), "]");
    return text;
}

static long long variable(void) {
    char *name = read_name();
    at += strspn(at, " \t\n");
    if (psh.bash && (*at == '+' || *at == '-') && at[1] == *at) {
        long long old = value_of(name);
        assign(name, apply(*at, old, 1));
        at += 2;
        return old;
    }
    if (*at == '=' && at[1] != '=') {
        at++;
        long long value = conditional();
        assign(name, value);
        return value;
    }
    size_t width = (*at == '<' || *at == '>') && at[1] == *at ? 2 : 1;
    if (*at && strchr("+-*/%<>&^|", *at) && at[width] == '=' &&
        !(width == 1 && strchr("<>", *at))) {
        char kind = *at;
        at += width + 1;
        long long value = apply(kind, value_of(name), conditional());
        assign(name, value);
        return value;
    }
    return value_of(name);
}

// ++name, --name
static long long stepped(void) {
    char kind = *at;
    at += 2;
    char *name = read_name();
    long long value = apply(kind, value_of(name), 1);
    assign(name, value);
    return value;
}

static long long unary(void) {
    at += strspn(at, " \t\n");
    if (psh_name_length(at))
        return variable();
    if (isdigit((unsigned char)*at)) {
        char *end;
        long long value = strtoll(at, &end, 0);
        at = end;
        return isalnum((unsigned char)*at) ? complain("a number is malformed") : value;
    }
    if (operator("(")) {
        long long value = sequence();
        return operator(")") ? value : complain("`)` was expected");
    }
    if (lone('!', "="))
        return !unary();
    if (operator("~"))
        return ~unary();
    if (psh.bash && (*at == '+' || *at == '-') && at[1] == *at && psh_name_length(at + 2))
        return stepped();
    if (operator("-"))
        return apply('-', 0, unary());
    if (operator("+"))
        return unary();
    return complain("a number was expected");
}

static long long power(void) {
    long long base = unary(), result = 1;
    if (!operator("**"))
        return base;
    long long exponent = power();
    if (exponent < 0)
        return skipped ? 0 : complain("an exponent below 0");
    for (; exponent; exponent >>= 1, base = apply('*', base, base))
        if (exponent & 1)
            result = apply('*', result, base);
    return result;
}

static long long product(void) {
    long long left = power();
    for (;;) {
        if (lone('*', "="))
            left = apply('*', left, power());
        else if (lone('/', "="))
            left = apply('/', left, power());
        else if (lone('%', "="))
            left = apply('%', left, power());
        else
            return left;
    }
}

static long long sum(void) {
    long long left = product();
    for (;;) {
        if (lone('+', "="))
            left = apply('+', left, product());
        else if (lone('-', "="))
            left = apply('-', left, product());
        else
            return left;
    }
}

static long long shift(void) {
    long long left = sum();
    for (;;) {
        if (operator("<<"))
            left = apply('<', left, sum());
        else if (operator(">>"))
            left = apply('>', left, sum());
        else
            return left;
    }
}

static long long comparison(void) {
    long long left = shift();
    for (;;) {
        if (operator("<="))
            left = left <= shift();
        else if (operator(">="))
            left = left >= shift();
        else if (lone('<', "<"))
            left = left < shift();
        else if (lone('>', ">"))
            left = left > shift();
        else
            return left;
    }
}

static long long equality(void) {
    long long left = comparison();
    for (;;) {
        if (operator("=="))
            left = left == comparison();
        else if (operator("!="))
            left = left != comparison();
        else
            return left;
    }
}

static long long bits(void) {
    long long left = equality();
    while (lone('&', "&="))
        left &= equality();
    return left;
}

static long long exclusive(void) {
    long long left = bits();
    while (lone('^', "="))
        left ^= bits();
    return left;
}

static long long inclusive(void) {
    long long left = exclusive();
    while (lone('|', "|="))
        left |= exclusive();
    return left;
}

static long long both(void) {
    long long left = inclusive();
    while (operator("&&")) {
        skipped += !left;
        long long right = inclusive();
        skipped -= !left;
        left = left && right;
    }
    return left;
}

static long long either(void) {
    long long left = both();
    while (operator("||")) {
        skipped += left != 0;
        long long right = both();
        skipped -= left != 0;
        left = left || right;
    }
    return left;
}

static long long conditional(void) {
    long long condition = either();
    if (!operator("?"))
        return condition;
    skipped += !condition;
    long long yes = conditional();
    skipped -= !condition;
    if (!operator(":"))
        return complain("`:` was expected");
    skipped += condition != 0;
    long long no = conditional();
    skipped -= condition != 0;
    return condition ? yes : no;
}

static long long sequence(void) {
    long long value = conditional();
    while (operator(","))
        value = conditional();
    return value;
}

long long psh_arithmetic(const char *text) {
    const char *outer = at; // of an expression that has this one in brackets
    int outer_skipped = skipped;
    at = text + strspn(text, " \t\n");
    skipped = 0;
    long long value = *at ? sequence() : 0;
    at += strspn(at, " \t\n");
    if (*at)
        complain("something behind the expression is not understood");
    skipped = outer_skipped;
    at = psh.leaving && outer ? outer + strlen(outer) : outer;
    return value;
}
