#include "squares.h"
#include <stdio.h>
int main(void) { return printf("%u %zu\n", squares[3], sizeof squares / sizeof *squares) < 0; }
