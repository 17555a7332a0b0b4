// Lives of connections: lives.h. Decision 0027.
//
// Invariants
// 1. A copy is made in one place: within the guest's one wait, when every task of it waits and one
//    of them for a connection. So what begins a life has seen no connection before.
// 2. The first machine never sees a connection: it is accepted, handed to a copy, and closed.
// 3. What two processes would share of the host a copy has not: connections that stood before it
//    have ended for it; its epoll is its own; the ports are closed.
// 4. A copy is over with its connection: where the peer has gone, soon; else it ends at the first
// wait of all its tasks behind that, or
//    LINGER later where other connections of its own still stand; or when its program has said
//    nothing to it for as long as it may.
// 5. No more copies live than the run may have; who comes then waits in the port's queue, which is
//    told.
// 6. A copy runs nothing of the program that made the first machine (Python), and ends with it.
#define _GNU_SOURCE
#include "lives.h"
#include "fiber.h"
#include "net.h"
#include "polling.h"

#include "../guest/include/boxer/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_DOORS = 16, EXTRA = 2 };
// PATIENCE: with who has shut its side down, and may still read.
static const uint64_t LINGER_NS = 5000000000, PATIENCE_NS = 30000000000;
static const uint64_t TOLD_AGAIN_NS = 60000000000; // that connections wait

// listener: by which the connection came. connection: until the guest has it. number: what the
// guest calls it. news: what it is still told. run: of a copy, its own.
struct lives {
    int is_copy, awaits, has_told, is_draining, is_closed;
    uint32_t living, listener, number;
    int connection, news, ended; // ended: an eventfd, of copies
    uint64_t drained_ns, closed_ns, told_ns;
    struct boxer_run run;
};

static int ended = -1; // of the handler

static void on_child(int number) {
    int error = errno;
    (void)number;
    (void)!write(ended, &(uint64_t){1}, sizeof(uint64_t));
    errno = error;
}

int lives_begin(struct boxer_machine *machine) {
    struct lives *lives = calloc(1, sizeof *lives);
    if (!lives)
        return -1;
    ended = lives->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lives->connection = -1;
    machine->lives = lives;
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    return ended < 0 || sigaction(SIGCHLD, &action, NULL) < 0 ? -1 : 0;
}

void lives_end(struct boxer_machine *machine) {
    if (!machine->lives)
        return;
    signal(SIGCHLD, SIG_DFL);
    if (machine->lives->ended >= 0)
        close(machine->lives->ended);
    free(machine->lives);
    machine->lives = NULL;
}

int lives_are_given(const struct boxer_machine *machine) {
    return machine->lives != NULL;
}

void lives_await(struct boxer_machine *machine) {
    if (machine->lives)
        machine->lives->awaits = 1;
}

void lives_waited(struct boxer_machine *machine) {
    if (machine->lives)
        machine->lives->awaits = 0;
}

// --- the copy ---

static void be_own_process(struct boxer_machine *machine, pid_t parent) {
    struct lives *lives = machine->lives;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    close(lives->ended);
    close(machine->run->lives->control);
    lives->is_copy = 1;
    lives->ended = -1;
    const struct boxer_lives *given = machine->run->lives;
    lives->run = *machine->run;
    lives->run.attend = NULL;
    lives->run.ask = NULL;
    lives->run.word = NULL;
    lives->run.cancelled = &machine->watched.has_left;
    lives->run.time_ns = given->silence_ns < given->time_ns ? given->silence_ns : given->time_ns;
    lives->run.cpu_ns = given->cpu_ns;
    lives->run.output = given->output;
    machine->run = &lives->run;
    machine->output_left = given->output;
    machine->began_ns = now_ns();
    machine->cpu_began_ns = cpu_now_ns();
    watch_again(machine);
}

// What a number of the guest's means in a copy: a listener nobody comes to, or a connection that
// has ended.
static int instead_of(const struct net_socket *socket) {
    int pair[2];
    if (socket->kind == NET_LISTENER)
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    close(pair[1]);
    return pair[0];
}

static void renew_socket(struct net *net, struct net_socket *socket, int epoll) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u32 = NET_FIRST + (uint32_t)(socket - net->sockets)};
    int own = instead_of(socket);
    if (own < 0 || dup3(own, socket->fd, O_CLOEXEC) < 0)
        _exit(1);
    close(own);
    socket->is_before = 1;
    if (socket->listens_for < 0) // the first machine is still found there
        socket->listens_for = 0;
    if (socket->kind != NET_LISTENER && epoll_ctl(epoll, EPOLL_CTL_ADD, socket->fd, &event) < 0)
        _exit(1);
}

static void renew_network(struct boxer_machine *machine) {
    struct net *net = machine->net;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t place = 0; place < net->room && epoll >= 0; place++)
        if (net->sockets[place].kind != NET_FREE)
            renew_socket(net, &net->sockets[place], epoll);
    if (epoll < 0 || dup3(epoll, net->epoll, O_CLOEXEC) < 0)
        _exit(1);
    close(epoll);
    net->resolver = NULL; // its threads are not here
    for (uint32_t i = 0; i < machine->run->network->listener_count; i++)
        close(machine->run->network->listeners[i].descriptor);
}

static void be_born(struct boxer_machine *machine, pid_t parent, uint32_t listener, int fd) {
    struct lives *lives = machine->lives;
    be_own_process(machine, parent);
    renew_network(machine);
    lives->listener = listener;
    lives->connection = fd;
    lives->news = 2;
    watch_peer(machine, fd, PATIENCE_NS);
}

int lives_news(struct boxer_machine *machine, struct boxer_net_event *event) {
    struct lives *lives = machine->lives;
    if (!lives || !lives->news)
        return 0;
    *event = lives->news-- == 2
                 ? (struct boxer_net_event){0, 1u << BOXER_NET_BIT_BORN}
                 : (struct boxer_net_event){lives->listener, 1u << BOXER_NET_BIT_READABLE};
    return 1;
}

int lives_take(struct boxer_machine *machine, uint32_t listener) {
    struct lives *lives = machine->lives;
    int fd = lives->listener == listener ? lives->connection : -1;
    if (fd >= 0)
        lives->connection = -1;
    return fd;
}

void lives_took(struct boxer_machine *machine, uint32_t number) {
    machine->lives->number = number;
}

void lives_closed(struct boxer_machine *machine, uint32_t number) {
    struct lives *lives = machine->lives;
    if (!lives || !lives->is_copy || lives->number != number || lives->is_closed)
        return;
    lives->is_closed = 1;
    watch_peer(machine, -1, 0);
    lives->closed_ns = now_ns();
}

void lives_sent(struct boxer_machine *machine, uint32_t number) {
    struct lives *lives = machine->lives;
    if (!lives || !lives->is_copy || lives->number != number)
        return;
    const struct boxer_lives *given = lives->run.lives;
    uint64_t spent = now_ns() - machine->began_ns;
    lives->run.time_ns =
        given->silence_ns < given->time_ns && spent < given->time_ns - given->silence_ns
            ? spent + given->silence_ns
            : given->time_ns;
    watch_longer(machine);
}

static int has_connections(const struct net *net) {
    for (uint32_t place = 0; place < net->room; place++)
        if (net->sockets[place].kind == NET_STREAM && !net->sockets[place].is_before)
            return 1;
    return 0;
}

// A wait of all tasks of a copy.
static int is_over(struct boxer_machine *machine) {
    struct lives *lives = machine->lives;
    if (!lives->is_closed)
        return 0;
    return now_ns() - lives->closed_ns > LINGER_NS ||
           (lives->awaits && !has_connections(machine->net));
}

static void say_why(const struct boxer_machine *machine) {
    static const char *const limits[] = {"time", "cpu", "output", "memory", "sent", "received"};
    const struct boxer_outcome *outcome = machine->outcome;
    char line[384];
    int size = 0;
    const struct boxer_lives *given = machine->run->lives;
    int was_silent = outcome->kind == BOXER_LIMIT && outcome->status == BOXER_LIMIT_TIME &&
                     machine->run->time_ns < given->time_ns;
    if (was_silent)
        size = snprintf(line, sizeof line,
                        "boxer: a connection is ended: its server has said nothing for %g s\n",
                        (double)given->silence_ns / 1e9);
    else if (outcome->kind == BOXER_LIMIT && outcome->status < sizeof limits / sizeof *limits)
        size =
            snprintf(line, sizeof line, "boxer: a connection's machine has reached its limit: %s\n",
                     limits[outcome->status]);
    else if (outcome->kind == BOXER_TRAPPED)
        size = snprintf(line, sizeof line, "boxer: a connection's machine has crashed (trap %u)\n",
                        outcome->status);
    else if (outcome->kind == BOXER_FAILED)
        size = snprintf(line, sizeof line, "boxer: a connection's machine has failed: %s\n",
                        outcome->message);
    if (size > 0)
        (void)!write(2, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

void lives_leave(struct boxer_machine *machine) {
    if (!machine->lives || !machine->lives->is_copy)
        return;
    say_why(machine);
    _exit(machine->outcome->kind != BOXER_EXITED && machine->outcome->kind != BOXER_RETURNED);
}

// --- the first machine ---

static void bury(struct lives *lives) {
    uint64_t count;
    if (read(lives->ended, &count, sizeof count) < 0)
        return;
    while (lives->living && waitpid(-1, NULL, WNOHANG) > 0)
        lives->living--;
}

// 1: in the copy.
static int give_life(struct boxer_machine *machine, uint32_t number, int fd) {
    struct lives *lives = machine->lives;
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        be_born(machine, parent, number, fd);
        return 1;
    }
    if (child > 0)
        lives->living++;
    else
        machine_tell(machine, "boxer: no process for a connection\n", 35);
    close(fd);
    return 0;
}

static int welcome(struct boxer_machine *machine, const struct pollfd *doors,
                   const uint32_t *numbers, uint32_t count) {
    struct lives *lives = machine->lives;
    for (uint32_t i = 0; i < count; i++) {
        while (lives->living < machine->run->lives->most) {
            int fd = doors[i].revents
                         ? accept4(doors[i].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)
                         : -1;
            if (fd < 0)
                break;
            if (give_life(machine, numbers[i], fd))
                return 1;
        }
    }
    return 0;
}

static uint32_t find_doors(const struct net *net, struct pollfd *doors, uint32_t *numbers) {
    uint32_t count = 0;
    for (uint32_t place = 0; net && place < net->room && count < MOST_DOORS; place++) {
        if (net->sockets[place].kind != NET_LISTENER)
            continue;
        numbers[count] = NET_FIRST + place;
        doors[count++] = (struct pollfd){.fd = net->sockets[place].fd, .events = POLLIN};
    }
    return count;
}

// All machines are with connections. Once in a while.
static void tell_who_waits(struct boxer_machine *machine) {
    struct lives *lives = machine->lives;
    struct pollfd doors[MOST_DOORS];
    uint32_t numbers[MOST_DOORS];
    char line[128];
    uint64_t now = now_ns();
    if (lives->told_ns && now - lives->told_ns < TOLD_AGAIN_NS)
        return;
    uint32_t count = find_doors(machine->net, doors, numbers);
    if (poll(doors, count, 0) < 1)
        return;
    lives->told_ns = now;
    int size = snprintf(line, sizeof line, "boxer: all %u machines have connections: others wait\n",
                        machine->run->lives->most);
    machine_tell(machine, line, (uint64_t)size);
}

// Whether it is to end now: nobody wants it any more, and no connection is under way, or they have
// had their time.
static int is_drained(struct boxer_machine *machine, const struct pollfd *control) {
    struct lives *lives = machine->lives;
    if (!lives->is_draining && control->revents) {
        lives->is_draining = 1;
        lives->drained_ns = now_ns();
    }
    if (!lives->is_draining ||
        (lives->living && now_ns() - lives->drained_ns < machine->run->lives->grace_ns))
        return 0;
    machine->outcome->kind = BOXER_EXITED;
    machine->outcome->status = 0;
    return 1;
}

// What is learned once a process is learned here, not by each copy.
static void tell_ready(struct boxer_machine *machine) {
    if (machine->lives->has_told)
        return;
    machine->lives->has_told = 1;
    (void)fibers_ready(machine); // without, its threads run to completion
    (void)!write(machine->run->lives->control, "r", 1);
}

// As if what the guest waits for had happened: it has, to the copy.
static int knock(struct boxer_machine *machine, struct pollfd *polled, uint32_t count) {
    int ready = 0;
    for (uint32_t i = 0; i < count; i++) {
        polled[i].revents = polled[i].fd == machine->net->epoll ? POLLIN : 0;
        ready += polled[i].revents != 0;
    }
    return ready;
}

int lives_poll(struct boxer_machine *machine, struct pollfd *polled, uint32_t count,
               const struct timespec *timeout) {
    struct lives *lives = machine->lives;
    struct pollfd all[count + EXTRA + MOST_DOORS];
    uint32_t numbers[MOST_DOORS], doors = 0;
    if (lives->is_copy)
        return is_over(machine) ? (_exit(0), 0) : ppoll(polled, count, timeout, NULL);
    int awaits = lives->awaits && !lives->is_draining;
    if (awaits)
        tell_ready(machine);
    bury(lives);
    memcpy(all, polled, count * sizeof *polled);
    all[count] = (struct pollfd){.fd = lives->ended, .events = POLLIN};
    all[count + 1] = (struct pollfd){.fd = lives->is_draining ? -1 : machine->run->lives->control,
                                     .events = POLLIN};
    if (awaits && lives->living >= machine->run->lives->most)
        tell_who_waits(machine);
    else if (awaits)
        doors = find_doors(machine->net, all + count + EXTRA, numbers);
    int ready = ppoll(all, count + EXTRA + doors, timeout, NULL);
    if (ready < 0)
        return ready;
    if (is_drained(machine, &all[count + 1]))
        return STREAM_OVER;
    if (ready > 0 && welcome(machine, all + count + EXTRA, numbers, doors))
        return knock(machine, polled, count);
    ready = 0;
    for (uint32_t i = 0; i < count; i++) {
        polled[i].revents = all[i].revents;
        ready += polled[i].revents != 0;
    }
    return ready;
}
