// A queue of questions for all machines of the process, and threads that come when there are some
// and go when there are none. An answer waits with its resolver until its machine takes it.
#define _GNU_SOURCE
#include "resolve.h"
#include "addresses.h"
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 2, IDLE_SECONDS = 10, STACK = 1 << 20 };

struct job {
    struct job *next;
    struct resolver *owner;
    enum question question;
    char asked[LONGEST_NAME + 1];
    int is_judged;
    struct answer answer;
};

struct resolver {
    struct grants *grants; // of the machine's thread alone
    struct endpoint servers[MOST_ADDRESSES];
    size_t server_count;
    int event;
    unsigned under_way; // likewise: asked and not yet taken
    // Under the lock. references: the machine's and one of each job that runs.
    unsigned references, running;
    int is_over;
    struct job *answered, *last_answered;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct job *waiting; // the oldest first
static unsigned threads, idle;

// A process that is forked has none of the threads, and its parent's questions are not its own.
static void fork_begins(void) {
    pthread_mutex_lock(&lock);
}

static void fork_ends(void) {
    pthread_mutex_unlock(&lock);
}

static void fork_child(void) {
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&more, NULL);
    waiting = NULL;
    threads = idle = 0;
}

static void watch_forks(void) {
    pthread_atfork(fork_begins, fork_ends, fork_child);
}

static void release(struct resolver *resolver) {
    if (--resolver->references)
        return;
    close(resolver->event);
    free(resolver);
}

// The oldest question of a machine that has not its share of threads already.
static struct job *next_job(void) {
    for (struct job **at = &waiting; *at; at = &(*at)->next) {
        struct job *job = *at;
        if (job->owner->running == AT_ONCE)
            continue;
        *at = job->next;
        job->next = NULL;
        job->owner->running++;
        job->owner->references++;
        return job;
    }
    return NULL;
}

static void hand_over(struct job *job) {
    struct resolver *owner = job->owner;
    if (owner->is_over) {
        free(job);
        return;
    }
    if (owner->answered)
        owner->last_answered->next = job;
    else
        owner->answered = job;
    owner->last_answered = job;
    eventfd_write(owner->event, 1);
}

static void look_up(struct job *job) {
    const struct resolver *owner = job->owner; // its servers never change
    if (!owner->server_count)
        lookup_by_host(job->asked, job->question, &job->answer);
    else if (lookup_by_servers)
        lookup_by_servers(owner->servers, owner->server_count, job->asked, job->question,
                          &job->answer);
    else
        job->answer.status = ANSWER_SERVFAIL;
}

static struct job *wait_for_job(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_SECONDS;
    struct job *job;
    idle++;
    while (!(job = next_job()))
        if (pthread_cond_timedwait(&more, &lock, &until))
            break;
    idle--;
    return job ? job : next_job();
}

static void *serve(void *unused) {
    pthread_mutex_lock(&lock);
    for (struct job *job; (job = wait_for_job());) {
        struct resolver *owner = job->owner;
        pthread_mutex_unlock(&lock);
        look_up(job);
        pthread_mutex_lock(&lock);
        owner->running--;
        hand_over(job);
        release(owner);
        pthread_cond_signal(&more);
    }
    threads--;
    pthread_mutex_unlock(&lock);
    return unused;
}

// Signals of the process, and those by which machines are watched, are other threads'.
static int start_thread(void) {
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, serve, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

struct resolver *resolver_new(struct grants *grants, const struct policy *policy) {
    static pthread_once_t watched = PTHREAD_ONCE_INIT;
    pthread_once(&watched, watch_forks);
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver)
        return NULL;
    const struct endpoint *servers;
    resolver->grants = grants;
    resolver->references = 1;
    resolver->server_count = policy_servers(policy, &servers);
    memcpy(resolver->servers, servers, resolver->server_count * sizeof *servers);
    resolver->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resolver->event < 0) {
        free(resolver);
        return NULL;
    }
    return resolver;
}

void resolver_free(struct resolver *resolver) {
    if (!resolver)
        return;
    pthread_mutex_lock(&lock);
    resolver->is_over = 1;
    for (struct job **at = &waiting; *at;) {
        struct job *job = *at;
        if (job->owner == resolver) {
            *at = job->next;
            free(job);
        } else {
            at = &job->next;
        }
    }
    while (resolver->answered) {
        struct job *job = resolver->answered;
        resolver->answered = job->next;
        free(job);
    }
    release(resolver);
    pthread_mutex_unlock(&lock);
}

int resolver_descriptor(const struct resolver *resolver) {
    return resolver->event;
}

static void enqueue(struct job *job) {
    struct job **at = &waiting;
    while (*at)
        at = &(*at)->next;
    *at = job;
    if (!idle && threads < RESOLVER_THREADS && start_thread() == 0)
        threads++;
    pthread_cond_signal(&more);
}

// What the host is called, and whose address that is, nobody else is asked.
static int is_of_host(struct job *job) {
    struct endpoint address;
    struct answer *answer = &job->answer;
    if (strcmp(job->asked, HOST_NAME) == 0) {
        answer->status = job->question == ASKS_A ? ANSWER_FOUND : ANSWER_NODATA;
        return 1;
    }
    if (address_of_reverse(job->asked, &address) == 0 && address_equal(&address, &host_endpoint)) {
        answer->status = ANSWER_FOUND;
        strcpy(answer->name, HOST_NAME);
        return 1;
    }
    return 0;
}

int resolver_start(struct resolver *resolver, uint32_t id, enum question question,
                   const char *name) {
    char canonical[LONGEST_NAME + 1];
    if ((question != ASKS_A && question != ASKS_AAAA && question != ASKS_PTR) ||
        name_canonical(name, canonical) < 0)
        return EINVAL;
    if (resolver->under_way == MOST_QUESTIONS)
        return EAGAIN;
    int refused = grants_may_resolve(resolver->grants, canonical);
    if (refused)
        return refused;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return ENOMEM;
    job->owner = resolver;
    job->question = question;
    job->answer.id = id;
    strcpy(job->asked, canonical);
    resolver->under_way++;
    pthread_mutex_lock(&lock);
    if (is_of_host(job))
        hand_over(job);
    else
        enqueue(job);
    pthread_mutex_unlock(&lock);
    return 0;
}

int resolver_give(struct resolver *resolver, const struct answer *answer) {
    if (resolver->under_way == MOST_QUESTIONS)
        return EAGAIN;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return ENOMEM;
    job->owner = resolver;
    job->is_judged = 1;
    job->answer = *answer;
    resolver->under_way++;
    pthread_mutex_lock(&lock);
    hand_over(job);
    pthread_mutex_unlock(&lock);
    return 0;
}

static void check(struct resolver *resolver, const struct job *job, struct answer *answer) {
    if (answer->status != ANSWER_FOUND || job->question == ASKS_PTR || job->is_judged)
        return;
    answer->count = (uint32_t)grants_answer(resolver->grants, job->asked, answer->addresses,
                                            answer->count, answer->addresses);
    if (!answer->count)
        answer->status = ANSWER_REFUSED;
}

int resolver_take(struct resolver *resolver, struct answer *answer) {
    eventfd_t ignored;
    pthread_mutex_lock(&lock);
    struct job *job = resolver->answered;
    if (job)
        resolver->answered = job->next;
    if (!resolver->answered)
        eventfd_read(resolver->event, &ignored);
    pthread_mutex_unlock(&lock);
    if (!job)
        return 0;
    resolver->under_way--;
    *answer = job->answer;
    check(resolver, job, answer);
    free(job);
    return 1;
}
