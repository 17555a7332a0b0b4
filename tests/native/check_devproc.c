// fs/dev, fs/proc: the devices, and what the machine tells about itself.
#include "check.h"

#include <boxer/linux_file.h>
#include <boxer/linux_socket.h>
#include <stdio.h>
#include <string.h>

static long open_at(const char *path, unsigned flags) {
    return CALL(openat, AT_FDCWD, path, flags, 0644);
}

// A whole file in `buffer`, terminated; its size or -errno.
static long read_file(const char *path, char *buffer, size_t size) {
    size_t used = 0;
    long fd = open_at(path, O_RDONLY), got = fd < 0 ? fd : 1;
    while (fd >= 0 && got > 0 && used < size - 1) {
        got = CALL(read, fd, buffer + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    buffer[used] = 0;
    if (fd >= 0)
        CALL(close, fd);
    return got < 0 ? got : (long)used;
}

static int holds(const char *path, const char *part) {
    char content[8192];
    long size = read_file(path, content, sizeof content);
    if (size < 0 || !strstr(content, part))
        printf("%s: %ld\n%s\n", path, size, content);
    return size >= 0 && strstr(content, part) != NULL;
}

static int leads_to(const char *link, const char *target) {
    char got[256] = {0};
    long len = CALL(readlinkat, AT_FDCWD, link, got, sizeof got - 1);
    if (len < 0 || strcmp(got, target) != 0)
        printf("%s: %ld, %s\n", link, len, got);
    return len >= 0 && strcmp(got, target) == 0;
}

static void devices_do_what_their_names_say(void) {
    char buffer[64] = "full of something";
    long null = open_at("/dev/null", O_RDWR | O_TRUNC), zero = open_at("/dev/zero", O_RDWR);
    long full = open_at("/dev/full", O_RDWR), random = open_at("/dev/urandom", O_RDONLY);
    CHECK_EQUAL(CALL(write, null, "x", 1), 1);
    CHECK_EQUAL(CALL(read, null, buffer, 64), 0);
    CHECK_EQUAL(CALL(read, zero, buffer, 16), 16);
    CHECK_EQUAL(buffer[0] | buffer[15], 0);
    CHECK_EQUAL(CALL(write, full, "x", 1), -ENOSPC);
    CHECK_EQUAL(CALL(read, full, buffer, 4), 4);
    CHECK_EQUAL(CALL(read, random, buffer, 4), 4);
    CHECK(memcmp(buffer, "\0\0\0\0", 4) != 0);
    struct linux_statx stat;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "/dev/null", 0, STATX_BASIC_STATS, &stat), 0);
    CHECK_EQUAL(stat.mode, S_IFCHR | 0666);
    CHECK_EQUAL(stat.rdev_major, 1);
    CHECK_EQUAL(stat.rdev_minor, 3);
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "/dev/shm", 0, STATX_BASIC_STATS, &stat), 0);
    CHECK_EQUAL(stat.mode, S_IFDIR | 01777);
    CHECK_EQUAL(CALL(close, open_at("/dev/pts", O_RDONLY | O_DIRECTORY)), 0);
    CHECK_EQUAL(open_at("/dev/pts/0", O_RDWR), -ENOENT);
}

static void standard_streams_are_opened_anew(void) {
    char buffer[16];
    host_input = "typed";
    long in = open_at("/dev/stdin", O_RDONLY), out = open_at("/dev/stdout", O_WRONLY);
    CHECK_EQUAL(CALL(read, in, buffer, 16), 5);
    CHECK_EQUAL(CALL(write, out, "said", 4), 4);
    CHECK_EQUAL(memcmp(host_output[1], "said", 4), 0);
    CHECK_EQUAL(open_at("/dev/stdin", O_WRONLY), -EACCES);
    CHECK_EQUAL(open_at("/dev/fd/2", O_WRONLY), 5);
    CHECK_EQUAL(open_at("/dev/tty", O_RDWR), -ENXIO);
}

static void the_terminal_is_the_hosts(void) {
    host_terminal = 1;
    kernel_thaw("/"); // what stdio is is asked once a life
    long tty = open_at("/dev/tty", O_RDWR);
    CHECK_EQUAL(tty, 3);
    host_input = "line\n";
    char buffer[16];
    CHECK_EQUAL(CALL(read, tty, buffer, 16), 5);
    CHECK(leads_to("/proc/self/fd/0", "/dev/tty"));
}

static void descriptors_are_links(void) {
    int pipe[2];
    char names[1024];
    long file = open_at("/tmpfile", O_CREAT | O_RDWR);
    CHECK(leads_to("/proc/self/fd/3", "/tmpfile"));
    CHECK_EQUAL(CALL(write, file, "abc", 3), 3);
    CHECK_EQUAL(open_at("/proc/self/fd/3", O_RDONLY), 4);
    CHECK_EQUAL(CALL(read, 4, names, 8), 3); // a description of its own, at the start
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/tmpfile", 0), 0);
    CHECK(leads_to("/proc/self/fd/3", "/tmpfile (deleted)"));
    CHECK_EQUAL(CALL(pipe2, pipe, 0), 0);
    CHECK_EQUAL(open_at("/proc/self/fd/6", O_WRONLY), 7);
    CHECK_EQUAL(CALL(write, 7, "x", 1), 1);
    CHECK_EQUAL(open_at("/proc/self/fd/6", O_RDONLY), -EACCES);
    CHECK_EQUAL(CALL(close, 4), 0);
    struct linux_statx stat;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "/proc/self/fd/5", 0, STATX_BASIC_STATS, &stat), 0);
    CHECK_EQUAL(stat.mode & S_IFMT, S_IFIFO);
    CHECK_EQUAL(open_at("/proc/self/fd/4", O_RDONLY), -ENOENT);
    CHECK_EQUAL(open_at("/proc/self/fd/03", O_RDONLY), -ENOENT);
    long folder = open_at("/proc/self/fd", O_RDONLY | O_DIRECTORY), entries = 0, size;
    while ((size = CALL(getdents64, folder, names, 64)) > 0)
        for (long at = 0; at < size; entries++)
            at += ((struct linux_dirent64 *)(names + at))->reclen;
    CHECK_EQUAL(size, 0);
    CHECK_EQUAL(entries, 2 + 8); // ".", "..", 0-3, 4 (this folder), 5-7
}

static void the_process_describes_itself(void) {
    char *argv[] = {"python3", "-c", "", NULL}, *environment[] = {"A=1", NULL};
    char got[256];
    kernel_set_program("/usr/local/bin/python3.13", argv, environment);
    CHECK(leads_to("/proc/self", "7"));
    CHECK(leads_to("/proc/self/exe", "/usr/local/bin/python3.13"));
    CHECK(leads_to("/proc/self/cwd", "/"));
    CHECK(leads_to("/proc/mounts", "self/mounts"));
    CHECK_EQUAL(read_file("/proc/self/cmdline", got, sizeof got), 12);
    CHECK_EQUAL(memcmp(got, "python3\0-c\0\0", 12), 0);
    CHECK_EQUAL(read_file("/proc/7/environ", got, sizeof got), 4);
    CHECK(holds("/proc/self/comm", "python3.13\n"));
    CHECK(holds("/proc/self/status", "Name:\tpython3.13\n"));
    CHECK(holds("/proc/self/status", "Pid:\t7\nPPid:\t1\n"));
    CHECK(holds("/proc/self/status", "Uid:\t0\t0\t0\t0\n"));
    CHECK(holds("/proc/self/status", "VmRSS:\t"));
    CHECK(holds("/proc/self/stat", "7 (python3.13) R 1 "));
    CHECK(holds("/proc/self/statm", " 0\n"));
    CHECK(holds("/proc/self/limits", "Max open files "));
    CHECK(holds("/proc/self/maps", "[kernel]\n"));
    CHECK(holds("/proc/self/smaps", "\nPrivate_Dirty: "));
    CHECK(holds("/proc/self/smaps_rollup", " [rollup]\nRss: "));
    CHECK(holds("/proc/self/status", "nonvoluntary_ctxt_switches:\t0\n"));
    CHECK(holds("/proc/mounts", "box / tmpfs rw,relatime 0 0\n"));
    CHECK(holds("/proc/self/mountinfo", " / /proc rw,relatime - proc proc rw\n"));
}

static void descriptors_are_described(void) {
    int pipe[2];
    struct linux_statx in, out;
    CHECK_EQUAL(open_at("/tmpfile", O_CREAT | O_RDWR | O_APPEND), 3);
    CHECK_EQUAL(CALL(write, 3, "abcde", 5), 5);
    CHECK(holds("/proc/self/fdinfo/3", "pos:\t5\nflags:\t000002002\n"));
    CHECK(holds("/proc/self/fdinfo/3", "\nino:\t"));
    CHECK_EQUAL(open_at("/proc/self/fdinfo/4", O_RDONLY), -ENOENT);
    CHECK_EQUAL(open_at("/proc/self/fdinfo/3", O_WRONLY), -EACCES);
    CHECK_EQUAL(CALL(pipe2, pipe, 0), 0); // both ends have one number
    CHECK_EQUAL(CALL(statx, pipe[0], "", AT_EMPTY_PATH, STATX_BASIC_STATS, &in), 0);
    CHECK_EQUAL(CALL(statx, pipe[1], "", AT_EMPTY_PATH, STATX_BASIC_STATS, &out), 0);
    CHECK_EQUAL(in.ino, out.ino);
}

static void what_moved_is_counted(void) {
    char buffer[8];
    long file = open_at("/tmpfile", O_CREAT | O_RDWR);
    CHECK(holds("/proc/self/io", "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\n"));
    CHECK_EQUAL(CALL(write, file, "abcde", 5), 5);
    CHECK_EQUAL(CALL(pread64, file, buffer, 3, 0), 3);
    CHECK_EQUAL(CALL(write, file, "fgh", 3), 3);
    CHECK(holds("/proc/self/io", "\nwchar: 8\n"));
    CHECK(holds("/proc/self/io", "\nsyscw: 2\n"));
}

static struct linux_sockaddr_in at_port(uint16_t port) {
    struct linux_sockaddr_in name = {.family = LINUX_AF_INET,
                                     .port = (uint16_t)(port >> 8 | port << 8)};
    memcpy(&name.address, (unsigned char[]){127, 0, 0, 1}, 4);
    return name;
}

static void sockets_are_listed(void) {
    struct linux_sockaddr_in name = at_port(8000);
    struct linux_sockaddr_un path = {.family = LINUX_AF_UNIX, .path = "/socket"};
    char line[128], link[64];
    CHECK(holds("/proc/net/dev", "    lo: 0 0 0 0 0 0 0 0 0 0 "));
    long listener = CALL(socket, LINUX_AF_INET, LINUX_SOCK_STREAM, 0);
    long heading = read_file("/proc/net/tcp", line, sizeof line);
    CHECK_EQUAL(line[heading - 1], '\n'); // one line: what has no name is not listed
    CHECK(strchr(line, '\n') == line + heading - 1);
    CHECK_EQUAL(CALL(bind, listener, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(listen, listener, 5), 0);
    CHECK(holds("/proc/net/tcp", "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 "));
    long client = CALL(socket, LINUX_AF_INET, LINUX_SOCK_STREAM, 0);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), 0);
    CHECK(holds("/proc/net/tcp", " 0100007F:1F40 01 "));
    CHECK(holds("/proc/net/tcp", "00:00000000 00000000     0 0 0 1 0\n")); // not accepted yet
    CHECK_EQUAL(CALL(write, client, "hello", 5), 5);
    CHECK(holds("/proc/net/tcp", " 01 00000005:00000000 "));
    CHECK(holds("/proc/self/net/dev", "    lo: 0 0 0 0 0 0 0 0 5 1 "));
    CHECK(holds("/sys/class/net/lo/statistics/tx_bytes", "5\n"));
    struct linux_statx stat;
    CHECK_EQUAL(CALL(statx, listener, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat), 0);
    snprintf(line, sizeof line, " 0 %llu 1 0\n", (unsigned long long)stat.ino);
    CHECK(holds("/proc/net/tcp", line));
    snprintf(line, sizeof line, "/proc/self/fd/%ld", listener);
    snprintf(link, sizeof link, "socket:[%llu]", (unsigned long long)stat.ino);
    CHECK(leads_to(line, link));
    long datagrams = CALL(socket, LINUX_AF_INET, LINUX_SOCK_DGRAM, 0);
    CHECK_EQUAL(CALL(bind, datagrams, &name, sizeof name), 0);
    CHECK(holds("/proc/net/udp", "   0: 0100007F:1F40 00000000:0000 07 "));
    long local = CALL(socket, LINUX_AF_UNIX, LINUX_SOCK_STREAM, 0);
    CHECK_EQUAL(CALL(bind, local, &path, sizeof path), 0);
    CHECK(holds("/proc/net/unix", " 00000002 00000000 00000000 0001 01 "));
    CHECK(holds("/proc/net/unix", " /socket\n"));
}

static void stat_has_all_its_fields(void) {
    char got[1024];
    CHECK(read_file("/proc/self/stat", got, sizeof got) > 0);
    int spaces = 0;
    for (const char *at = got; *at; at++)
        spaces += *at == ' ';
    CHECK_EQUAL(spaces, 51);
}

static void the_machine_describes_itself(void) {
    char first[64], second[64];
    kernel_set_hostname("box");
    CHECK(holds("/proc/sys/kernel/hostname", "box\n"));
    CHECK(holds("/proc/sys/kernel/ostype", "Linux\n"));
    CHECK(holds("/proc/sys/kernel/osrelease", "6."));
    CHECK(holds("/proc/sys/kernel/pid_max", "32768\n"));
    CHECK(holds("/proc/sys/fs/nr_open", "\n"));
    CHECK(holds("/proc/sys/dev/tty/legacy_tiocsti", "0\n"));
    CHECK(holds("/proc/cpuinfo", "processor\t: 0\n"));
    CHECK(holds("/proc/meminfo", "MemTotal:        4194300 kB\n"));
    CHECK(holds("/proc/uptime", "1.00 "));
    CHECK(holds("/proc/version", "Linux version "));
    CHECK(holds("/proc/filesystems", "nodev\ttmpfs\n"));
    CHECK(holds("/proc/vmstat", "pswpin 0\npswpout 0\n"));
    CHECK(holds("/proc/partitions", "major minor  #blocks  name\n\n"));
    CHECK(holds("/proc/stat", "\nsoftirq 0 "));
    CHECK(holds("/proc/net/route", "Iface\tDestination\t"));
    CHECK(holds("/proc/mounts", "sysfs /sys sysfs rw,relatime 0 0\n"));
    CHECK(holds("/sys/class/net/lo/mtu", "65536\n"));
    CHECK(holds("/sys/devices/system/cpu/online", "0\n"));
    CHECK(holds("/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"));
    CHECK(holds("/proc/loadavg", "0.00 0.00 0.00 1/1 7\n"));
    CHECK(holds("/proc/stat", "btime 1700000000\n"));
    CHECK_EQUAL(read_file("/proc/sys/kernel/random/uuid", first, sizeof first), 37);
    CHECK_EQUAL(read_file("/proc/sys/kernel/random/uuid", second, sizeof second), 37);
    CHECK(strcmp(first, second) != 0);
    CHECK_EQUAL(first[14], '4');
    CHECK_EQUAL(read_file("/proc/sys/kernel/random/boot_id", first, sizeof first), 37);
    CHECK_EQUAL(read_file("/proc/sys/kernel/random/boot_id", second, sizeof second), 37);
    CHECK_EQUAL(strcmp(first, second), 0);
    kernel_freeze();
    kernel_thaw("/");
    CHECK_EQUAL(read_file("/proc/sys/kernel/random/boot_id", second, sizeof second), 37);
    CHECK(strcmp(first, second) != 0);
}

static void proc_is_not_written_to(void) {
    const struct row rows[] = {
        {"write", NR_openat, {AT_FDCWD, (long)"/proc/self/comm", O_WRONLY}, -EACCES},
        {"create", NR_openat, {AT_FDCWD, (long)"/proc/new", O_CREAT | O_WRONLY, 0644}, -EACCES},
        {"mkdir", NR_mkdirat, {AT_FDCWD, (long)"/proc/new", 0755}, -EACCES},
        {"unlink", NR_unlinkat, {AT_FDCWD, (long)"/proc/version", 0}, -EPERM},
        {"chmod", NR_fchmodat2, {AT_FDCWD, (long)"/proc/version", 0600, 0}, -EPERM},
        {"another process", NR_openat, {AT_FDCWD, (long)"/proc/3", O_RDONLY}, -ENOENT},
        {"a file as a folder", NR_openat, {AT_FDCWD, (long)"/proc/version/x", 0}, -ENOTDIR},
    };
    RUN_ROWS(rows);
}

int main(void) {
    RUN(devices_do_what_their_names_say);
    RUN(standard_streams_are_opened_anew);
    RUN(the_terminal_is_the_hosts);
    RUN(descriptors_are_links);
    RUN(the_process_describes_itself);
    RUN(descriptors_are_described);
    RUN(what_moved_is_counted);
    RUN(sockets_are_listed);
    RUN(stat_has_all_its_fields);
    RUN(the_machine_describes_itself);
    RUN(proc_is_not_written_to);
    return finish();
}
