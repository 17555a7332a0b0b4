#include "count.h"
#include <string.h>
int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return puts("words " VERSION) < 0;
    struct count found = count(stdin);
    printf("%ld words, %ld lines\n", found.words, found.lines);
    return 0;
}
