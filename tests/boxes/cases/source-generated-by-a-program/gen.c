#include <stdio.h>
int main(int argc, char **argv) {
    FILE *out = fopen(argv[argc - 1], "w");
    if (!out)
        return 1;
    fputs("static const unsigned squares[] = {", out);
    for (unsigned n = 0; n < 5; n++)
        fprintf(out, "%u,", n * n);
    fputs("};\n", out);
    return fclose(out);
}
