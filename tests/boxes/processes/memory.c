// Memory that processes share, and files in it.
#include "said.h"
#include <pthread.h>
#include <semaphore.h>

static void anonymous(void) {
    int *shared = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *own = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        shared[1000] = 11;
        own[1000] = 22;
        _exit(0);
    }
    end_of(pid);
    say("shared", shared[1000]);
    say("own", own[1000]);
    munmap(shared, 1 << 16);
}

struct counted {
    pthread_mutex_t mutex;
    sem_t semaphore;
    long count;
};

static void locks_in_shared_memory(void) {
    struct counted *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &kind);
    sem_init(&shared->semaphore, 1, 0);
    pid_t pids[4];
    for (int i = 0; i < 4; i++)
        if ((pids[i] = fork()) == 0) {
            sem_wait(&shared->semaphore);
            for (int j = 0; j < 500; j++) {
                pthread_mutex_lock(&shared->mutex);
                long before = shared->count;
                if (j % 50 == 0)
                    sched_yield();
                shared->count = before + 1;
                pthread_mutex_unlock(&shared->mutex);
            }
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        sem_post(&shared->semaphore);
    for (int i = 0; i < 4; i++)
        say_end("counter", end_of(pids[i]));
    say("count", shared->count);
}

static void the_same_file_mapped_twice(void) {
    int fd = shm_open("/mapped-twice", O_RDWR | O_CREAT, 0600);
    ftruncate(fd, 10000);
    pid_t pid = fork();
    if (pid == 0) {
        int again = shm_open("/mapped-twice", O_RDWR, 0);
        char *mine = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
        strcpy(mine + 5000, "from the child");
        for (int i = 0; i < 200 && !mine[0]; i++)
            nap(5);
        _exit(mine[0]);
    }
    char *mine = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    while (!mine[5000])
        nap(5);
    nap(5);
    puts(mine + 5000);
    mine[0] = 33;
    say_end("child saw", end_of(pid));
    char text[20];
    pread(fd, text, 14, 5000);
    text[14] = 0;
    puts(text);
    shm_unlink("/mapped-twice");
}

static void memory_in_a_descriptor(void) {
    int fd = memfd_create("shared", 0), pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    pid_t pid = fork();
    if (pid == 0) {
        char space[CMSG_SPACE(sizeof(int))] = "", byte = 0;
        int own = memfd_create("sent", 0);
        ftruncate(own, 4096);
        pwrite(own, "sent over", 9, 0);
        struct iovec data = {&byte, 1};
        struct msghdr message = {.msg_iov = &data,
                                 .msg_iovlen = 1,
                                 .msg_control = space,
                                 .msg_controllen = sizeof space};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof own);
        memcpy(CMSG_DATA(header), &own, sizeof own);
        _exit(sendmsg(pair[1], &message, 0) != 1);
    }
    char space[CMSG_SPACE(sizeof(int))], byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    say("received", recvmsg(pair[0], &message, 0));
    int got;
    memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, got, 0);
    say_end("sender", end_of(pid));
    puts(mapped);
    struct ucred peer;
    socklen_t size = sizeof peer;
    getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size);
    say("made by us", peer.pid == getpid());
    close(fd);
}

static void locked_files(void) {
    int fd = open("/tmp/locked", O_RDWR | O_CREAT, 0600), ready[2];
    pipe(ready);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
    fcntl(fd, F_SETLK, &lock);
    flock(fd, LOCK_EX);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1};
        int other = open("/tmp/locked", O_RDWR), wrong = 0;
        wrong += fcntl(fd, F_SETLK, &mine) != -1;
        wrong += flock(fd, LOCK_EX | LOCK_NB) != 0; // the same description
        wrong += flock(other, LOCK_EX | LOCK_NB) != -1;
        fcntl(fd, F_GETLK, &mine);
        wrong += mine.l_pid != getppid() || mine.l_start != 10;
        mine = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1};
        write(ready[1], "", 1);
        wrong += fcntl(fd, F_SETLKW, &mine) != 0; // until the parent gives it back
        _exit(wrong);
    }
    char byte;
    read(ready[0], &byte, 1);
    nap(20);
    lock.l_type = F_UNLCK;
    fcntl(fd, F_SETLK, &lock);
    say_end("child", end_of(pid));
    unlink("/tmp/locked");
}

int main(void) {
    anonymous();
    locks_in_shared_memory();
    the_same_file_mapped_twice();
    memory_in_a_descriptor();
    locked_files();
    return 0;
}
