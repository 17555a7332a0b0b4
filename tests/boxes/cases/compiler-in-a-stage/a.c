#include <math.h>
#include <stdio.h>
int main(int argc, char **argv) {
    printf("%s %d %.3f\n", argv[0], argc, sqrt(argc + 1.0));
    return argc - 1;
}
