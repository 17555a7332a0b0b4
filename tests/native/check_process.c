// sys/credentials.c, sys/process.c, sys/limits.c, boot/boot.c, tty/console.c.
#include "check.h"
#include "mm/memory.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"
#include "trace/trace.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <string.h>

static void become(uint32_t uid) {
    CHECK_EQUAL(CALL(setresuid, uid, uid, uid), 0);
}

static void root_changes_every_id(void) {
    uint32_t ids[3];
    CHECK_EQUAL(CALL(setgid, 7), 0);
    CHECK_EQUAL(CALL(setuid, 5), 0);
    CHECK_EQUAL(CALL(getresuid, &ids[0], &ids[1], &ids[2]), 0);
    CHECK_EQUAL(ids[0] == 5 && ids[1] == 5 && ids[2] == 5, 1);
    CHECK_EQUAL(
        current->process->credentials.fsuid == 5 && current->process->credentials.fsgid == 7, 1);
    CHECK_EQUAL(CALL(setuid, 0), -EPERM); // no way back
    CHECK_EQUAL(CALL(setgid, 0), -EPERM);
}

static void others_change_among_their_own_ids(void) {
    CHECK_EQUAL(CALL(setresuid, 1, 2, 3), 0);
    const struct row rows[] = {
        {"setuid to the real id", NR_setuid, {1}, 0},
        {"setuid to the saved id", NR_setuid, {3}, 0},
        {"setuid to another", NR_setuid, {4}, -EPERM},
        {"setuid to -1", NR_setuid, {-1}, -EINVAL},
        {"setreuid real to the saved id", NR_setreuid, {9, -1}, -EPERM},
        {"setresuid of all three", NR_setresuid, {3, 1, 3}, 0},
        {"setresuid to another", NR_setresuid, {-1, -1, 8}, -EPERM},
        {"geteuid", NR_geteuid, {0}, 1},
        {"setfsuid answers the old id", NR_setfsuid, {3}, 1},
        {"setfsuid answers the new id", NR_setfsuid, {-1}, 3},
        {"setgroups", NR_setgroups, {0, 0}, -EPERM},
        {"sethostname", NR_sethostname, {(long)"x", 1}, -EPERM},
        {"raising priority", NR_setpriority, {0, 0, -5}, -EACCES},
        {"lowering priority", NR_setpriority, {0, 0, 5}, 0},
        {"getpriority", NR_getpriority, {0, 0}, 15},
    };
    RUN_ROWS(rows);
}

static void setreuid_saves_the_effective_id(void) {
    CHECK_EQUAL(CALL(setreuid, 10, 20), 0);
    CHECK_EQUAL(current->process->credentials.suid, 20);
    CHECK_EQUAL(CALL(setreuid, 20, 10), 0); // swapped
    CHECK_EQUAL(current->process->credentials.ruid == 20 &&
                    current->process->credentials.euid == 10 &&
                    current->process->credentials.suid == 10,
                1);
}

static void groups_are_kept_in_order(void) {
    uint32_t groups[] = {30, 10, 20}, got[8] = {0};
    CHECK_EQUAL(CALL(setgroups, 3, groups), 0);
    CHECK_EQUAL(CALL(getgroups, 0, 0), 3);
    CHECK_EQUAL(CALL(getgroups, 2, got), -EINVAL);
    CHECK_EQUAL(CALL(getgroups, 8, got), 3);
    CHECK_EQUAL(memcmp(groups, got, sizeof groups), 0);
    CHECK(process_in_group(10) && process_in_group(0) && !process_in_group(40));
    CHECK_EQUAL(CALL(setgroups, 65537, groups), -EINVAL);
}

static void capabilities_go_with_the_last_root_id(void) {
    struct linux_cap_header header = {LINUX_CAPABILITY_3, 0};
    struct linux_cap_data data[2];
    CHECK_EQUAL(CALL(capget, &header, data), 0);
    CHECK_EQUAL(data[0].effective, UINT32_MAX);
    header.version = 1;
    CHECK_EQUAL(CALL(capget, &header, data), -EINVAL);
    CHECK_EQUAL(header.version, LINUX_CAPABILITY_3);
    become(5);
    CHECK_EQUAL(CALL(capget, &header, data), 0);
    CHECK_EQUAL(data[0].effective | data[1].effective, 0);
    data[0].effective = data[0].permitted = 1;
    CHECK_EQUAL(CALL(capset, &header, data), -EPERM);
}

static void limits_are_lowered_and_not_raised(void) {
    struct linux_rlimit64 limit = {10, 20}, old;
    CHECK_EQUAL(CALL(prlimit64, 0, LINUX_RLIMIT_NOFILE, &limit, &old), 0);
    CHECK_EQUAL(current->process->limits[LINUX_RLIMIT_NOFILE].soft, 10);
    CHECK_EQUAL(old.soft, 1024);
    limit = (struct linux_rlimit64){30, 20};
    CHECK_EQUAL(CALL(prlimit64, 0, LINUX_RLIMIT_NOFILE, &limit, 0), -EINVAL);
    limit.hard = 40;
    CHECK_EQUAL(CALL(prlimit64, 0, LINUX_RLIMIT_NOFILE, &limit, 0), -EPERM);
    CHECK_EQUAL(CALL(prlimit64, 0, 99, 0, &old), -EINVAL);
    CHECK_EQUAL(CALL(prlimit64, 99, 0, 0, &old), -ESRCH);
}

static void the_machine_calls_itself_linux(void) {
    struct linux_utsname name;
    struct linux_sysinfo info;
    struct linux_rusage usage;
    CHECK_EQUAL(CALL(sethostname, "mybox", 5), 0);
    CHECK_EQUAL(CALL(uname, &name), 0);
    CHECK_EQUAL(strcmp(name.sysname, "Linux") | strcmp(name.machine, "wasm32"), 0);
    CHECK_EQUAL(strcmp(name.nodename, "mybox"), 0);
    CHECK_EQUAL(CALL(sysinfo, &info), 0);
    CHECK(info.totalram > info.freeram && info.mem_unit == 4096);
    CHECK_EQUAL(CALL(getrusage, 0, &usage), 0);
    CHECK(usage.maxrss > 0);
    CHECK_EQUAL(CALL(getrusage, 5, &usage), -EINVAL);
    CHECK_EQUAL(CALL(uname, 0), -EFAULT);
}

static void processes_are_refused_honestly(void) {
    char name[16];
    CHECK_EQUAL(CALL(prctl, LINUX_PR_SET_NAME, "a name longer than fits", 0), 0);
    CHECK_EQUAL(CALL(prctl, LINUX_PR_GET_NAME, name), 0);
    CHECK_EQUAL(strcmp(name, "a name longer t"), 0);
    unsigned long mask = 0;
    CHECK_EQUAL(CALL(sched_getaffinity, 0, sizeof mask, &mask), (long)sizeof mask);
    CHECK_EQUAL(mask, 1);
    const struct row rows[] = {
        {"clone", NR_clone, {17}, -ENOSYS},
        {"clone3", NR_clone3, {0}, -ENOSYS},
        {"execve", NR_execve, {(long)"/bin/true"}, -ENOENT},
        {"waitid", NR_waitid, {0, 0, 0, 4}, -ECHILD},
        {"waitid for nothing", NR_waitid, {0, 0, 0, 0}, -EINVAL},
        {"getpid", NR_getpid, {0}, PROCESS_PID},
        {"gettid", NR_gettid, {0}, PROCESS_PID},
        {"set_tid_address", NR_set_tid_address, {0}, PROCESS_PID},
        {"getppid", NR_getppid, {0}, PROCESS_PPID},
        {"getsid", NR_getsid, {0}, PROCESS_PID},
        {"setsid", NR_setsid, {0}, -EPERM},
        {"a number nobody has", 9999, {0}, -ENOSYS},
        {"a negative number", -5, {0}, -ENOSYS},
        {"getrandom with odd flags", NR_getrandom, {(long)name, 4, 8}, -EINVAL},
        {"getrandom", NR_getrandom, {(long)name, 4, 1}, 4},
    };
    RUN_ROWS(rows);
    CHECK_EQUAL(EXIT_STATUS(CALL(exit_group, 77)), 77);
    CHECK_EQUAL(EXIT_STATUS(CALL(exit, 256 + 3)), 3);
}

static void stdio_is_a_pipe_or_a_terminal(void) {
    struct {
        uint32_t flags[4];
        uint8_t line, characters[19];
    } termios;
    struct {
        uint16_t rows, columns, width, height;
    } window;
    CHECK_EQUAL(CALL(write, 1, "hello", 5), 5);
    CHECK_EQUAL(memcmp(host_output[1], "hello", 5), 0);
    CHECK_EQUAL(CALL(ioctl, 1, 0x5401, &termios), -ENOTTY);
    CHECK_EQUAL(fd_file(1)->ops->mode(fd_file(1)) >> 12, 1); // S_IFIFO
    host_terminal = 1;
    kernel_freeze();
    kernel_thaw("/");
    CHECK_EQUAL(CALL(ioctl, 1, 0x5401, &termios), 0);
    CHECK_EQUAL(termios.characters[4], 4); // VEOF ^D
    CHECK_EQUAL(CALL(ioctl, 1, 0x5413, &window), 0);
    CHECK_EQUAL(window.rows == 24 && window.columns == 80, 1);
    CHECK_EQUAL(fd_file(1)->ops->mode(fd_file(1)) >> 12, 2); // S_IFCHR
    char buffer[16];
    CHECK_EQUAL(CALL(fcntl64, 0, 4, 04000), 0);
    CHECK_EQUAL(CALL(read, 0, buffer, sizeof buffer), -EAGAIN);
    host_input = "line\n";
    CHECK_EQUAL(CALL(read, 0, buffer, sizeof buffer), 5);
}

static void the_hosts_arguments_are_kept(void) {
    size_t count;
    char **arguments = kernel_host_arguments(&count);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(strcmp(arguments[1], "first") | strcmp(arguments[2], ""), 0);
    CHECK(arguments[3] == NULL);
    char **variables = kernel_host_environment(&count);
    CHECK(count == 0 && variables && variables[0] == NULL);
    char *argv[] = {"python", "-c", "", NULL};
    kernel_set_program("/usr/bin/python3.13-with-a-long-name", argv, variables);
    CHECK_EQUAL(current->process->cmdline_size, 11);
    CHECK_EQUAL(memcmp(current->process->cmdline, "python\0-c\0", 11), 0);
    CHECK_EQUAL(strcmp(current->comm, "python3.13-with"), 0);
    CHECK_EQUAL(current->process->environ_size, 0);
}

static void freezing_drops_what_belongs_to_the_host(void) {
    char read_back[6];
    int fds[2];
    CHECK_EQUAL(CALL(pipe2, fds, 0), 0);
    CHECK_EQUAL(CALL(write, fds[1], "secret", 6), 6);
    size_t before = pages_in_use();
    struct linux_itimerval once = {.value = {.sec = 1}};
    CALL(setitimer, LINUX_ITIMER_REAL, &once, 0);
    kernel_freeze();
    CHECK(pages_in_use() <= before);
    kernel_thaw("/");
    CHECK_EQUAL(CALL(read, fds[0], read_back, 6), 6); // the box's own: what is open stays open
    CHECK_EQUAL(memcmp(read_back, "secret", 6), 0);
    kernel_close_descriptors();
    CHECK_EQUAL(CALL(read, fds[0], read_back, 1), -EBADF);
    CHECK_EQUAL(CALL(getitimer, LINUX_ITIMER_REAL, &once), 0);
    CHECK_EQUAL(once.value.sec + once.value.usec, 0);
}

static void a_trace_shows_calls_as_strace_does(void) {
    trace_start();
    host_output_size[2] = 0;
    CALL(write, 1, "a\n\x1b\t", 4);
    CALL(openat, -100, "/none", 0, 0);
    CALL(getpid, 0);
    CALL(sysinfo, 0);
    CALL(openat, -100, "/new", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    CALL(faccessat, 3, "/new", 4 | 2);
    CALL(kill, 7, 0);
    CALL(unlinkat, 40, "new", 0x200);
    CALL(fcntl64, 3, F_GETFL, 0);
    static const char expected[] =
        "write(1, \"a\\n\\x1b\\t\", 4) = 4\n"
        "openat(AT_FDCWD, \"/none\", O_RDONLY) = -1 ENOENT (No such file or directory)\n"
        "getpid() = 7\n"
        "sysinfo(0, 0, 0, 0, 0, 0) = -1 EFAULT (Bad address)\n"
        "openat(AT_FDCWD, \"/new\", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3\n"
        "faccessat(3, \"/new\", R_OK|W_OK) = 0\n"
        "kill(7, 0) = 0\n"
        "unlinkat(40, \"new\", AT_REMOVEDIR) = -1 EBADF (Bad file descriptor)\n"
        "fcntl64(3, F_GETFL, 0) = 2\n";
    CHECK_EQUAL(host_output_size[2], sizeof expected - 1);
    CHECK_EQUAL(memcmp(host_output[2], expected, sizeof expected - 1), 0);
    trace_stop();
}

int main(void) {
    RUN(a_trace_shows_calls_as_strace_does);
    RUN(root_changes_every_id);
    RUN(others_change_among_their_own_ids);
    RUN(setreuid_saves_the_effective_id);
    RUN(groups_are_kept_in_order);
    RUN(capabilities_go_with_the_last_root_id);
    RUN(limits_are_lowered_and_not_raised);
    RUN(the_machine_calls_itself_linux);
    RUN(processes_are_refused_honestly);
    RUN(stdio_is_a_pipe_or_a_terminal);
    RUN(the_hosts_arguments_are_kept);
    RUN(freezing_drops_what_belongs_to_the_host);
    return finish();
}
