// Which function serves which system call: one switch over the riscv32 numbers.
//
// What is not served answers -ENOSYS. Left out on purpose: clone3, execve, execveat, namespaces and
// mounts, System V and POSIX queues, aio and io_uring, keys, bpf, perf, ptrace, swap, modules,
// quotas.
#include "sys/table.h"
#include "sys/attributes.h"
#include "sys/clock.h"
#include "sys/copy.h"
#include "sys/credentials.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/epoll.h"
#include "sys/eventfd.h"
#include "sys/exec.h"
#include "sys/clone.h"
#include "sys/futex.h"
#include "sys/limits.h"
#include "sys/madvise.h"
#include "sys/messages.h"
#include "sys/mmap.h"
#include "sys/names.h"
#include "sys/open.h"
#include "sys/pipe.h"
#include "sys/poll.h"
#include "sys/process.h"
#include "sys/read_write.h"
#include "sys/rename.h"
#include "sys/scheduling.h"
#include "sys/signalfd.h"
#include "sys/signals.h"
#include "sys/size.h"
#include "sys/socket.h"
#include "sys/socket_options.h"
#include "sys/system.h"
#include "sys/timerfd.h"
#include "sys/timers.h"
#include "sys/xattr.h"
#include "task/group.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_syscalls.h>

#define A(i) arguments[i]
#define INT(i) ((int)arguments[i])
#define U32(i) ((uint32_t)arguments[i])
#define SIZE(i) ((size_t)arguments[i])
#define ADDRESS(i) ((uintptr_t)arguments[i])
#define PTR(i) ((void *)arguments[i])
// A 64-bit argument is two longs, the low half first.
#define LONG_LONG(i) ((int64_t)((uint64_t)U32(i) | (uint64_t)U32((i) + 1) << 32))

static long vectors_at(const long *arguments, int writing) {
    int64_t offset = LONG_LONG(3);
    if (offset < 0)
        return -EINVAL;
    return writing ? sys_pwritev2(INT(0), PTR(1), INT(2), offset, 0)
                   : sys_preadv2(INT(0), PTR(1), INT(2), offset, 0);
}

long syscall_dispatch(long number, const long arguments[6]) {
    switch (number) {
    // Files: data
    case NR_read:
        return sys_read(INT(0), PTR(1), SIZE(2));
    case NR_write:
        return sys_write(INT(0), PTR(1), SIZE(2));
    case NR_readv:
        return sys_readv(INT(0), PTR(1), INT(2));
    case NR_writev:
        return sys_writev(INT(0), PTR(1), INT(2));
    case NR_pread64:
        return sys_pread64(INT(0), PTR(1), SIZE(2), LONG_LONG(3));
    case NR_pwrite64:
        return sys_pwrite64(INT(0), PTR(1), SIZE(2), LONG_LONG(3));
    case NR_preadv:
        return vectors_at(arguments, 0);
    case NR_pwritev:
        return vectors_at(arguments, 1);
    case NR_preadv2:
        return sys_preadv2(INT(0), PTR(1), INT(2), LONG_LONG(3), INT(5));
    case NR_pwritev2:
        return sys_pwritev2(INT(0), PTR(1), INT(2), LONG_LONG(3), INT(5));
    case NR__llseek:
        return sys_lseek64(INT(0), (int64_t)((uint64_t)U32(1) << 32 | U32(2)), PTR(3), INT(4));
    case NR_sendfile64:
        return sys_sendfile64(INT(0), INT(1), PTR(2), SIZE(3));
    case NR_splice:
        return sys_splice(INT(0), PTR(1), INT(2), PTR(3), SIZE(4), U32(5));
    case NR_tee:
        return sys_tee(INT(0), INT(1), SIZE(2), U32(3));
    case NR_copy_file_range:
        return sys_copy_file_range(INT(0), PTR(1), INT(2), PTR(3), SIZE(4), U32(5));
    case NR_truncate64:
        return sys_truncate64(PTR(0), LONG_LONG(1));
    case NR_ftruncate64:
        return sys_ftruncate64(INT(0), LONG_LONG(1));
    case NR_fallocate:
        return sys_fallocate(INT(0), INT(1), LONG_LONG(2), LONG_LONG(4));
    case NR_fadvise64_64:
        return sys_fadvise64(INT(0), LONG_LONG(1), LONG_LONG(3), INT(5));
    case NR_readahead:
        return sys_readahead(INT(0), LONG_LONG(1), SIZE(3));
    case NR_sync:
        return sys_sync();
    case NR_fsync:
        return sys_fsync(INT(0));
    case NR_fdatasync:
        return sys_fdatasync(INT(0));
    case NR_syncfs:
        return sys_syncfs(INT(0));
    case NR_sync_file_range:
        return sys_sync_file_range(INT(0), LONG_LONG(1), LONG_LONG(3), U32(5));
    // Files: descriptors
    case NR_openat:
        return sys_openat(INT(0), PTR(1), INT(2), U32(3));
    case NR_openat2:
        return sys_openat2(INT(0), PTR(1), PTR(2), SIZE(3));
    case NR_close:
        return sys_close(INT(0));
    case NR_close_range:
        return sys_close_range(U32(0), U32(1), U32(2));
    case NR_dup:
        return sys_dup(INT(0));
    case NR_dup3:
        return sys_dup3(INT(0), INT(1), INT(2));
    case NR_fcntl64:
        return sys_fcntl(INT(0), INT(1), ADDRESS(2));
    case NR_ioctl:
        return sys_ioctl(INT(0), U32(1), ADDRESS(2));
    case NR_flock:
        return sys_flock(INT(0), INT(1));
    case NR_memfd_create:
        return sys_memfd_create(PTR(0), U32(1));
    case NR_inotify_init1:
        return sys_inotify_init1(INT(0));
    case NR_inotify_add_watch:
        return sys_inotify_add_watch(INT(0), PTR(1), U32(2));
    case NR_inotify_rm_watch:
        return sys_inotify_rm_watch(INT(0), INT(1));
    // Files: names
    case NR_getdents64:
        return sys_getdents64(INT(0), PTR(1), SIZE(2));
    case NR_getcwd:
        return sys_getcwd(PTR(0), SIZE(1));
    case NR_chdir:
        return sys_chdir(PTR(0));
    case NR_fchdir:
        return sys_fchdir(INT(0));
    case NR_chroot:
        return sys_chroot(PTR(0));
    case NR_mkdirat:
        return sys_mkdirat(INT(0), PTR(1), U32(2));
    case NR_mknodat:
        return sys_mknodat(INT(0), PTR(1), U32(2), U32(3));
    case NR_linkat:
        return sys_linkat(INT(0), PTR(1), INT(2), PTR(3), INT(4));
    case NR_unlinkat:
        return sys_unlinkat(INT(0), PTR(1), INT(2));
    case NR_symlinkat:
        return sys_symlinkat(PTR(0), INT(1), PTR(2));
    case NR_readlinkat:
        return sys_readlinkat(INT(0), PTR(1), PTR(2), SIZE(3));
    case NR_renameat2:
        return sys_renameat2(INT(0), PTR(1), INT(2), PTR(3), U32(4));
    // Files: attributes
    case NR_statx:
        return sys_statx(INT(0), PTR(1), INT(2), U32(3), PTR(4));
    case NR_statfs64:
        return sys_statfs64(PTR(0), SIZE(1), PTR(2));
    case NR_fstatfs64:
        return sys_fstatfs64(INT(0), SIZE(1), PTR(2));
    case NR_faccessat:
        return sys_faccessat2(INT(0), PTR(1), INT(2), 0);
    case NR_faccessat2:
        return sys_faccessat2(INT(0), PTR(1), INT(2), INT(3));
    case NR_fchmod:
        return sys_fchmod(INT(0), U32(1));
    case NR_fchmodat:
        return sys_fchmodat2(INT(0), PTR(1), U32(2), 0);
    case NR_fchmodat2:
        return sys_fchmodat2(INT(0), PTR(1), U32(2), INT(3));
    case NR_fchown:
        return sys_fchown(INT(0), U32(1), U32(2));
    case NR_fchownat:
        return sys_fchownat(INT(0), PTR(1), U32(2), U32(3), INT(4));
    case NR_utimensat_time64:
        return sys_utimensat(INT(0), PTR(1), PTR(2), INT(3));
    case NR_umask:
        return sys_umask(U32(0));
    case NR_setxattr:
        return sys_setxattr(PTR(0), PTR(1), PTR(2), SIZE(3), INT(4));
    case NR_lsetxattr:
        return sys_lsetxattr(PTR(0), PTR(1), PTR(2), SIZE(3), INT(4));
    case NR_fsetxattr:
        return sys_fsetxattr(INT(0), PTR(1), PTR(2), SIZE(3), INT(4));
    case NR_getxattr:
        return sys_getxattr(PTR(0), PTR(1), PTR(2), SIZE(3));
    case NR_lgetxattr:
        return sys_lgetxattr(PTR(0), PTR(1), PTR(2), SIZE(3));
    case NR_fgetxattr:
        return sys_fgetxattr(INT(0), PTR(1), PTR(2), SIZE(3));
    case NR_listxattr:
        return sys_listxattr(PTR(0), PTR(1), SIZE(2));
    case NR_llistxattr:
        return sys_llistxattr(PTR(0), PTR(1), SIZE(2));
    case NR_flistxattr:
        return sys_flistxattr(INT(0), PTR(1), SIZE(2));
    case NR_removexattr:
        return sys_removexattr(PTR(0), PTR(1));
    case NR_lremovexattr:
        return sys_lremovexattr(PTR(0), PTR(1));
    case NR_fremovexattr:
        return sys_fremovexattr(INT(0), PTR(1));
    // Pipes, polling
    case NR_pipe2:
        return sys_pipe2(PTR(0), INT(1));
    case NR_eventfd2:
        return sys_eventfd2(U32(0), INT(1));
    case NR_ppoll_time64:
        return sys_ppoll(PTR(0), U32(1), PTR(2), PTR(3), SIZE(4));
    case NR_pselect6_time64:
        return sys_pselect6(INT(0), PTR(1), PTR(2), PTR(3), PTR(4), PTR(5));
    case NR_epoll_create1:
        return sys_epoll_create1(INT(0));
    case NR_epoll_ctl:
        return sys_epoll_ctl(INT(0), INT(1), INT(2), PTR(3));
    case NR_epoll_pwait:
        return sys_epoll_pwait(INT(0), PTR(1), INT(2), INT(3), PTR(4), SIZE(5));
    case NR_epoll_pwait2:
        return sys_epoll_pwait2(INT(0), PTR(1), INT(2), PTR(3), PTR(4), SIZE(5));
    // Sockets
    case NR_socket:
        return sys_socket(INT(0), INT(1), INT(2));
    case NR_socketpair:
        return sys_socketpair(INT(0), INT(1), INT(2), PTR(3));
    case NR_bind:
        return sys_bind(INT(0), PTR(1), U32(2));
    case NR_listen:
        return sys_listen(INT(0), INT(1));
    case NR_accept:
        return sys_accept4(INT(0), PTR(1), PTR(2), 0);
    case NR_accept4:
        return sys_accept4(INT(0), PTR(1), PTR(2), INT(3));
    case NR_connect:
        return sys_connect(INT(0), PTR(1), U32(2));
    case NR_getsockname:
        return sys_getsockname(INT(0), PTR(1), PTR(2));
    case NR_getpeername:
        return sys_getpeername(INT(0), PTR(1), PTR(2));
    case NR_sendto:
        return sys_sendto(INT(0), PTR(1), SIZE(2), INT(3), PTR(4), U32(5));
    case NR_recvfrom:
        return sys_recvfrom(INT(0), PTR(1), SIZE(2), INT(3), PTR(4), PTR(5));
    case NR_sendmsg:
        return sys_sendmsg(INT(0), PTR(1), INT(2));
    case NR_recvmsg:
        return sys_recvmsg(INT(0), PTR(1), INT(2));
    case NR_sendmmsg:
        return sys_sendmmsg(INT(0), PTR(1), U32(2), INT(3));
    case NR_recvmmsg_time64:
        return sys_recvmmsg(INT(0), PTR(1), U32(2), INT(3), PTR(4));
    case NR_setsockopt:
        return sys_setsockopt(INT(0), INT(1), INT(2), PTR(3), U32(4));
    case NR_getsockopt:
        return sys_getsockopt(INT(0), INT(1), INT(2), PTR(3), PTR(4));
    case NR_shutdown:
        return sys_shutdown(INT(0), INT(1));
    // Memory
    case NR_mmap2:
        return sys_mmap(ADDRESS(0), SIZE(1), INT(2), INT(3), INT(4),
                        (int64_t)(uint32_t)A(5) * 4096);
    case NR_munmap:
        return sys_munmap(ADDRESS(0), SIZE(1));
    case NR_mremap:
        return sys_mremap(ADDRESS(0), SIZE(1), SIZE(2), INT(3), ADDRESS(4));
    case NR_brk:
        return sys_brk(ADDRESS(0));
    case NR_mprotect:
        return sys_mprotect(ADDRESS(0), SIZE(1), INT(2));
    case NR_madvise:
        return sys_madvise(ADDRESS(0), SIZE(1), INT(2));
    case NR_msync:
        return sys_msync(ADDRESS(0), SIZE(1), INT(2));
    case NR_mlock:
        return sys_mlock(ADDRESS(0), SIZE(1), 0);
    case NR_mlock2:
        return sys_mlock(ADDRESS(0), SIZE(1), INT(2));
    case NR_munlock:
        return sys_munlock(ADDRESS(0), SIZE(1));
    case NR_mlockall:
        return sys_mlockall(INT(0));
    case NR_munlockall:
        return sys_munlockall();
    case NR_mincore:
        return sys_mincore(ADDRESS(0), SIZE(1), PTR(2));
    case NR_membarrier:
        return INT(0) == 0 ? 0 : -EINVAL; // MEMBARRIER_CMD_QUERY: none is offered
    // Time
    case NR_clock_gettime64:
        return sys_clock_gettime(INT(0), PTR(1));
    case NR_clock_settime64:
        return sys_clock_settime(INT(0), PTR(1));
    case NR_clock_getres_time64:
        return sys_clock_getres(INT(0), PTR(1));
    case NR_clock_nanosleep_time64:
        return sys_clock_nanosleep(INT(0), INT(1), PTR(2), PTR(3));
    case NR_clock_adjtime64:
        return -EPERM;
    case NR_times:
        return sys_times(PTR(0));
    case NR_getitimer:
        return sys_getitimer(INT(0), PTR(1));
    case NR_setitimer:
        return sys_setitimer(INT(0), PTR(1), PTR(2));
    case NR_timer_create:
        return sys_timer_create(INT(0), PTR(1), PTR(2));
    case NR_timer_settime64:
        return sys_timer_settime(INT(0), INT(1), PTR(2), PTR(3));
    case NR_timer_gettime64:
        return sys_timer_gettime(INT(0), PTR(1));
    case NR_timer_getoverrun:
        return sys_timer_getoverrun(INT(0));
    case NR_timer_delete:
        return sys_timer_delete(INT(0));
    case NR_timerfd_create:
        return sys_timerfd_create(INT(0), INT(1));
    case NR_timerfd_settime64:
        return sys_timerfd_settime(INT(0), INT(1), PTR(2), PTR(3));
    case NR_timerfd_gettime64:
        return sys_timerfd_gettime(INT(0), PTR(1));
    // Signals
    case NR_rt_sigaction:
        return sys_rt_sigaction(INT(0), PTR(1), PTR(2), SIZE(3));
    case NR_rt_sigprocmask:
        return sys_rt_sigprocmask(INT(0), PTR(1), PTR(2), SIZE(3));
    case NR_rt_sigpending:
        return sys_rt_sigpending(PTR(0), SIZE(1));
    case NR_rt_sigsuspend:
        return sys_rt_sigsuspend(PTR(0), SIZE(1));
    case NR_rt_sigtimedwait_time64:
        return sys_rt_sigtimedwait(PTR(0), PTR(1), PTR(2), SIZE(3));
    case NR_pidfd_send_signal:
        return sys_pidfd_send_signal(INT(0), INT(1), PTR(2), U32(3));
    case NR_rt_sigqueueinfo:
        return sys_rt_sigqueueinfo(INT(0), INT(1), PTR(2));
    case NR_rt_tgsigqueueinfo:
        return sys_rt_tgsigqueueinfo(INT(0), INT(1), INT(2), PTR(3));
    case NR_sigaltstack:
        return sys_sigaltstack(PTR(0), PTR(1));
    case NR_signalfd4:
        return sys_signalfd4(INT(0), PTR(1), SIZE(2), INT(3));
    case NR_kill:
        return sys_kill(INT(0), INT(1));
    case NR_tkill:
        return sys_tkill(INT(0), INT(1));
    case NR_tgkill:
        return sys_tgkill(INT(0), INT(1), INT(2));
    // Credentials
    case NR_getuid:
        return (long)current_cred()->ruid;
    case NR_geteuid:
        return (long)current_cred()->euid;
    case NR_getgid:
        return (long)current_cred()->rgid;
    case NR_getegid:
        return (long)current_cred()->egid;
    case NR_setuid:
        return sys_setuid(U32(0));
    case NR_setgid:
        return sys_setgid(U32(0));
    case NR_setreuid:
        return sys_setreuid(U32(0), U32(1));
    case NR_setregid:
        return sys_setregid(U32(0), U32(1));
    case NR_setresuid:
        return sys_setresuid(U32(0), U32(1), U32(2));
    case NR_setresgid:
        return sys_setresgid(U32(0), U32(1), U32(2));
    case NR_getresuid:
        return sys_getresuid(PTR(0), PTR(1), PTR(2));
    case NR_getresgid:
        return sys_getresgid(PTR(0), PTR(1), PTR(2));
    case NR_setfsuid:
        return sys_setfsuid(U32(0));
    case NR_setfsgid:
        return sys_setfsgid(U32(0));
    case NR_getgroups:
        return sys_getgroups(INT(0), PTR(1));
    case NR_setgroups:
        return sys_setgroups(SIZE(0), PTR(1));
    case NR_capget:
        return sys_capget(PTR(0), PTR(1));
    case NR_capset:
        return sys_capset(PTR(0), PTR(1));
    // The process
    case NR_getpid:
        return (long)current->process->pid;
    case NR_getppid:
        return (long)process_parent_id(current->process);
    case NR_gettid:
        return (long)current->tid;
    case NR_getpgid:
        return sys_getpgid(INT(0));
    case NR_setpgid:
        return group_set(U32(0), U32(1));
    case NR_getsid:
        return sys_getsid(INT(0));
    case NR_setsid:
        return group_new_session();
    case NR_set_tid_address:
        current->clear_child_tid = PTR(0);
        return (long)current->tid;
    case NR_set_robust_list:
        current->robust_list = PTR(0);
        return 0;
    case NR_get_robust_list:
        return sys_get_robust_list(INT(0), PTR(1), PTR(2));
    case NR_prctl:
        return sys_prctl(INT(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), ADDRESS(4));
    case NR_prlimit64:
        return sys_prlimit64(INT(0), INT(1), PTR(2), PTR(3));
    case NR_getrusage:
        return sys_getrusage(INT(0), PTR(1));
    case NR_getpriority:
        return sys_getpriority(INT(0), INT(1));
    case NR_setpriority:
        return sys_setpriority(INT(0), INT(1), INT(2));
    case NR_ioprio_get:
        return sys_ioprio_get(INT(0), INT(1));
    case NR_ioprio_set:
        return sys_ioprio_set(INT(0), INT(1), INT(2));
    case NR_sched_yield:
        task_yield();
        return 0;
    case NR_clone:
        return sys_clone(ADDRESS(0), PTR(1), PTR(2), ADDRESS(3), PTR(4));
    case NR_sched_getaffinity:
        return sys_sched_getaffinity(INT(0), SIZE(1), PTR(2));
    case NR_sched_setaffinity:
        return sys_sched_setaffinity(INT(0), SIZE(1), PTR(2));
    case NR_sched_getscheduler:
        return sys_sched_getscheduler(INT(0));
    case NR_sched_setscheduler:
        return sys_sched_setscheduler(INT(0), INT(1), PTR(2));
    case NR_sched_getparam:
        return sys_sched_getparam(INT(0), PTR(1));
    case NR_sched_setparam:
        return sys_sched_setparam(INT(0), PTR(1));
    case NR_sched_get_priority_max:
        return sys_sched_priority_bound(INT(0), 1);
    case NR_sched_get_priority_min:
        return sys_sched_priority_bound(INT(0), 0);
    case NR_sched_rr_get_interval_time64:
        return sys_sched_rr_get_interval(INT(0), PTR(1));
    case NR_getcpu:
        return sys_getcpu(PTR(0), PTR(1));
    case NR_futex_time64:
        return sys_futex(PTR(0), INT(1), U32(2), PTR(3), PTR(4), U32(5));
    case NR_execve:
        return sys_execve(PTR(0), PTR(1), PTR(2));
    case NR_execveat:
        return sys_execveat(INT(0), PTR(1), PTR(2), PTR(3), INT(4));
    case NR_pidfd_open:
        return sys_pidfd_open(INT(0), U32(1));
    case NR_waitid:
        return sys_waitid(INT(0), INT(1), PTR(2), U32(3), PTR(4));
    case NR_personality:
        return 0;
    case NR_getrandom:
        return sys_getrandom(PTR(0), SIZE(1), U32(2));
    case NR_uname:
        return sys_uname(PTR(0));
    case NR_sethostname:
        return sys_sethostname(PTR(0), SIZE(1));
    case NR_setdomainname:
        return sys_setdomainname(PTR(0), SIZE(1));
    case NR_sysinfo:
        return sys_sysinfo(PTR(0));
    case NR_exit:
        return sys_exit(INT(0));
    case NR_exit_group:
        process_exit(INT(0));
    default:
        return -ENOSYS;
    }
}
