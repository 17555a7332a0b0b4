// The shell of boxes as a program of this machine.
#include <string.h>

int psh_main(int argc, char **argv, char **environment);
int psh_env_main(int argc, char **argv, char **environment);

int main(int argc, char **argv, char **environment) {
    const char *slash = strrchr(argv[0], '/');
    int is_env = strcmp(slash ? slash + 1 : argv[0], "env") == 0;
    return is_env ? psh_env_main(argc, argv, environment) : psh_main(argc, argv, environment);
}
