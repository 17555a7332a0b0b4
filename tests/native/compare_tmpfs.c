// Random file system calls made in the kernel and on the host's tmpfs, by root and by others:
// results and errors are the same, and so is what is seen afterwards.
//
// compare_tmpfs SEED CALLS FOLDER [root] [plain]: FOLDER is an empty one on a tmpfs and becomes the
// root, so this runs as root. root: nobody else acts. plain: no folder becomes sticky.
#include "compare.h"
#include "sys/attributes.h"
#include "sys/directories.h"
#include "sys/names.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/linux_file.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pair pairs[DESCRIPTORS];
char kernel_data[DATA], host_data[DATA];
int strangers = 1, sticky = 1;

static uint64_t state;
static int differences;
static char action[2 * TEXT + 100];

unsigned draw(unsigned below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % below;
}

long host_call(long number, long a, long b, long c, long d, long e, long f) {
    long result = syscall(number, a, b, c, d, e, f);
    return result < 0 ? -(long)errno : result;
}

void doing(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(action, sizeof action, format, arguments);
    va_end(arguments);
}

void same(const char *what, long long kernel, long long host) {
    if (kernel == host)
        return;
    differences++;
    printf("uid %u: %s: %s is %lld, on the host %lld\n", current->process->credentials.fsuid,
           action, what, kernel, host);
}

void any_path(char path[TEXT]) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "l", "m"};
    strcpy(path, draw(12) ? "" : "/");
    for (unsigned left = 1 + draw(3); left; left--) {
        unsigned kind = draw(20);
        strcat(path, kind == 0 ? ".." : kind == 1 ? "." : names[draw(7)]);
        if (left > 1)
            strcat(path, draw(10) ? "/" : "//");
    }
    if (draw(10) == 0)
        strcat(path, "/");
}

uint32_t any_mode(void) {
    uint32_t mode = (uint32_t)ONE_OF(0777, 0700, 01777, 02777, 0755, 06755, 0, 0644, 0444, 02644);
    return sticky ? mode : mode & ~(uint32_t)S_ISVTX;
}

struct pair any_folder(void) {
    struct pair pair = pairs[draw(DESCRIPTORS)];
    return draw(5) || pair.host < 0 ? (struct pair){AT_FDCWD, AT_FDCWD} : pair;
}

static void change_user(void) {
    uint32_t user = (uint32_t)ONE_OF(0, 1000, 1001);
    current->process->credentials.ruid = current->process->credentials.euid =
        current->process->credentials.suid = current->process->credentials.fsuid = user;
    current->process->credentials.rgid = current->process->credentials.egid =
        current->process->credentials.sgid = current->process->credentials.fsgid = user;
    current->process->credentials.group_count = 0;
    current->process->credentials.changes++;
    HOST(SYS_setresgid, -1, 0, -1);
    HOST(SYS_setresuid, -1, 0, -1);
    HOST(SYS_setgroups, 0, 0);
    HOST(SYS_setresgid, user, user, 0);
    HOST(SYS_setresuid, user, user, 0);
}

// The same folders on both sides.
static int prepare(const char *folder) {
    if (kernel_boot(0) || chroot(folder) || chdir("/"))
        return -1;
    HOST(SYS_umask, 0);
    sys_umask(0);
    HOST(SYS_mkdirat, AT_FDCWD, "/dev", 0755);
    HOST(SYS_mkdirat, AT_FDCWD, "/proc", 0755);
    HOST(SYS_mkdirat, AT_FDCWD, "/sys", 0755);
    for (int i = 0; i < 2; i++) {
        HOST(SYS_fchmodat, AT_FDCWD, "/", 0777);
        sys_fchmodat2(AT_FDCWD, "/", 0777, 0);
        HOST(SYS_mkdirat, AT_FDCWD, "/w", 0777);
        sys_mkdirat(AT_FDCWD, "/w", 0777);
    }
    HOST(SYS_chdir, "/w");
    return (int)sys_chdir("/w");
}

static void compare_something(void) {
    static void (*const families[])(void) = {
        compare_names,       compare_names,    compare_attributes,
        compare_opens,       compare_contents, compare_contents,
        compare_descriptors, compare_names,    compare_named_attributes,
        compare_opens,       compare_contents, compare_duplicates};
    if (strangers && draw(15) == 0)
        change_user();
    families[draw(sizeof families / sizeof *families)]();
}

int main(int count, char **arguments) {
    if (count < 4)
        return 2;
    state = strtoull(arguments[1], NULL, 10) * 7919 + 13;
    long calls = atol(arguments[2]);
    for (int i = 4; i < count; i++) {
        strangers = strangers && strcmp(arguments[i], "root") != 0;
        sticky = sticky && strcmp(arguments[i], "plain") != 0;
    }
    signal(SIGPIPE, SIG_IGN);
    if (prepare(arguments[3]) < 0)
        return 3;
    for (int i = 0; i < DESCRIPTORS; i++)
        pairs[i] = (struct pair){-1, -1};
    for (long call = 0; call < calls && differences == 0; call++)
        compare_something();
    if (differences)
        printf("seed %s\n", arguments[1]);
    fflush(stdout);
    _exit(differences != 0);
}
