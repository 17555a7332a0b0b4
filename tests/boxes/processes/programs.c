// execve(2) in all its forms: this program begins itself again, with a word that says as what.
#include "said.h"

extern char **environ;
static const char *self = "/tmp/self";

static pid_t begin(char *const argv[], char *const envp[]) {
    pid_t pid = fork();
    if (pid == 0) {
        execve(argv[0], argv, envp);
        _exit(errno == ENOENT    ? 100
              : errno == EACCES  ? 101
              : errno == ENOEXEC ? 102
              : errno == E2BIG   ? 103
              : errno == ELOOP   ? 104
                                 : 105);
    }
    return pid;
}

static int as_child(int argc, char **argv) {
    const char *what = argv[1];
    if (strcmp(what, "show") == 0) {
        for (int i = 0; i < argc; i++)
            printf("[%s]", argv[i]);
        printf(" X=%s\n", getenv("X") ? getenv("X") : "(none)");
    } else if (strcmp(what, "descriptor") == 0) {
        return fcntl(atoi(argv[2]), F_GETFD) < 0 ? 1 : 2;
    } else if (strcmp(what, "signals") == 0) {
        struct sigaction action;
        sigset_t set;
        sigaction(SIGUSR1, NULL, &action);
        int status = action.sa_handler == SIG_DFL;
        sigaction(SIGUSR2, NULL, &action);
        status += 2 * (action.sa_handler == SIG_IGN);
        sigprocmask(SIG_BLOCK, NULL, &set);
        return status + 4 * sigismember(&set, SIGTERM);
    } else if (strcmp(what, "upper") == 0) {
        for (int c; (c = getchar()) != EOF;)
            putchar(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    fflush(stdout);
    return 7;
}

static void handler(int signo) {
    (void)signo;
}

static void write_file(const char *path, const char *text, int mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write(fd, text, strlen(text));
    fchmod(fd, (mode_t)mode);
    close(fd);
}

static void arguments(void) {
    char *argv[] = {(char *)self, "show", "a b", "", NULL};
    char *envp[] = {"X=1", NULL};
    say_end("exec", end_of(begin(argv, envp)));
    say_end("exec without environment", end_of(begin(argv, (char *[]){NULL})));
}

static void scripts(void) {
    write_file("/tmp/script", "#!/tmp/self show\nnothing\n", 0755);
    write_file("/tmp/scripts-script", "#! /tmp/script \t more  words \n", 0755);
    char *argv[] = {"/tmp/script", "one", NULL};
    say_end("script", end_of(begin(argv, environ)));
    argv[0] = "/tmp/scripts-script";
    say_end("script of a script", end_of(begin(argv, environ)));
    write_file("/tmp/circle", "#!/tmp/circle\n", 0755);
    argv[0] = "/tmp/circle";
    say_end("circle", end_of(begin(argv, environ)));
    write_file("/tmp/lost", "#!/no/interpreter\n", 0755);
    argv[0] = "/tmp/lost";
    say_end("no interpreter", end_of(begin(argv, environ)));
}

static void refused(void) {
    char *argv[] = {"/no/such", NULL};
    say_end("no file", end_of(begin(argv, environ)));
    write_file("/tmp/plain", "words\n", 0755);
    argv[0] = "/tmp/plain";
    say_end("no program", end_of(begin(argv, environ)));
    write_file("/tmp/plain", "#!/tmp/self\n", 0644);
    say_end("not executable", end_of(begin(argv, environ)));
    argv[0] = "/tmp";
    say_end("a folder", end_of(begin(argv, environ)));
    static char large[200000];
    memset(large, 'x', sizeof large - 1);
    char *much[] = {(char *)self, "show", large, NULL};
    say_end("too much", end_of(begin(much, environ)));
}

static void what_is_kept(void) {
    char number[12];
    int fd = open("/dev/null", O_RDONLY);
    snprintf(number, sizeof number, "%d", fd);
    char *argv[] = {(char *)self, "descriptor", number, NULL};
    say_end("descriptor", end_of(begin(argv, environ)));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    say_end("close-on-exec", end_of(begin(argv, environ)));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    argv[1] = "signals";
    say_end("signals", end_of(begin(argv, environ)));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void by_vfork(void) {
    volatile int error = 0;
    char *argv[] = {(char *)self, "show", "vfork", NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(99);
    }
    say_end("vfork", end_of(pid));
    pid = vfork();
    if (pid == 0) {
        execv("/no/such", argv);
        error = errno;
        _exit(98);
    }
    say_end("vfork of nothing", end_of(pid));
    say("error told through memory", error == ENOENT);
}

static void by_spawn(void) {
    int in[2], out[2];
    pipe(in);
    pipe(out);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    pid_t pid;
    char *argv[] = {(char *)self, "upper", NULL};
    say("spawn", posix_spawn(&pid, self, &actions, NULL, argv, environ));
    close(in[0]), close(out[1]);
    write(in[1], "some words\n", 11);
    close(in[1]);
    char text[40] = "";
    read(out[0], text, sizeof text - 1);
    fputs(text, stdout);
    say_end("spawned", end_of(pid));
    say("spawn of nothing", posix_spawn(&pid, "/no/such", NULL, NULL, argv, environ) == ENOENT);
    say("spawn by PATH",
        posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, environ) == ENOENT);
}

static void by_descriptor(void) {
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    pid_t pid = fork();
    char *argv[] = {"by-descriptor", "show", NULL};
    if (pid == 0) {
        fexecve(fd, argv, environ);
        _exit(97);
    }
    say_end("fexecve", end_of(pid));
}

static void in_place(void) {
    pid_t pid = fork();
    if (pid == 0) {
        pid_t before = getpid();
        char number[12];
        snprintf(number, sizeof number, "%d", before);
        execl(self, self, "descriptor", "0", NULL);
        _exit(96);
    }
    say_end("same process", end_of(pid));
    say("a shell", system("exit 3") >> 8);
    FILE *pipe = popen("echo from a shell", "r");
    char text[40] = "";
    fgets(text, sizeof text, pipe);
    fputs(text, stdout);
    say("pclose", pclose(pipe));
}

int main(int argc, char **argv) {
    if (argc > 1)
        return as_child(argc, argv);
    char path[4096];
    long size = readlink("/proc/self/exe", path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    unlink(self);
    symlink(path, self);
    unsetenv("X");
    arguments();
    scripts();
    refused();
    what_is_kept();
    by_vfork();
    by_spawn();
    by_descriptor();
    in_place();
    return 0;
}
