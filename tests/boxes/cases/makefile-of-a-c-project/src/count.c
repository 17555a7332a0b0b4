#include "count.h"
#include <ctype.h>
struct count count(FILE *from) {
    struct count found = {0, 0};
    int inside = 0;
    for (int letter; (letter = getc(from)) != EOF;) {
        found.lines += letter == '\n';
        if (!isspace(letter) && !inside)
            found.words++;
        inside = !isspace(letter);
    }
    return found;
}
