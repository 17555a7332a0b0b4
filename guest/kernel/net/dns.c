// Questions under way, and their answers.
#include "net/dns.h"
#include "net/dns_message.h"
#include "net/outer_name.h"
#include "net/queue.h"
#include "net/socket.h"
#include "outside/outside.h"
#include "state.h"
#include "mm/slab.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { MOST = 64, PORT = 53, QUERY_MOST = 512, DATAGRAM_MOST = 512, LENGTH = 2 };

// socket: who asked, or the server's end of a connection. number: the host's.
struct question {
    struct question *next;
    struct socket *socket;
    uint32_t number;
    struct dns_query query;
};

static KERNEL_STATE struct question *questions;
static KERNEL_STATE unsigned question_count;
static KERNEL_STATE uint32_t next_number;

static const uint8_t server_address[4] = {127, 0, 0, 11};

void dns_freeze(void) {
    while (questions) {
        struct question *question = questions;
        questions = question->next;
        if (question->socket)
            question->socket->asking--;
        kfree(question);
    }
    question_count = 0;
}

int dns_is(const struct name *name) {
    struct boxer_net_address address;
    if (!outside_is_granted() || (name->family != LINUX_AF_INET && name->family != LINUX_AF_INET6))
        return 0;
    outer_tell(name, &address);
    return address.port == PORT && address.family == 4 &&
           memcmp(address.address, server_address, sizeof server_address) == 0;
}

static void deliver(struct socket *socket, const uint8_t *bytes, size_t size) {
    struct boxer_net_address own = {.family = 4, .port = PORT};
    memcpy(own.address, server_address, sizeof server_address);
    if (socket_is_datagram(socket)) {
        struct name from = outer_name(&own, socket->family);
        socket_deliver(socket, &from, bytes, size);
        return;
    }
    uint8_t length[LENGTH] = {(uint8_t)(size >> 8), (uint8_t)size};
    struct linux_iovec vectors[] = {{length, sizeof length}, {(void *)bytes, size}};
    struct message message = {
        .vectors = vectors, .count = 2, .size = sizeof length + size, .flags = LINUX_MSG_NOSIGNAL};
    socket_send(socket, &message);
}

static void reply(struct socket *socket, const struct dns_query *query,
                  const struct dns_answer *answer) {
    uint8_t bytes[DNS_ANSWER_MOST];
    size_t size = dns_write(query, answer, bytes);
    if (size > DATAGRAM_MOST && socket_is_datagram(socket))
        size = dns_cut(query, bytes);
    deliver(socket, bytes, size);
}

static void reply_code(struct socket *socket, const struct dns_query *query, int code) {
    reply(socket, query, &(struct dns_answer){.code = code});
}

static struct question *take(uint32_t number) {
    for (struct question **link = &questions; *link; link = &(*link)->next) {
        struct question *found = *link;
        if (found->number != number)
            continue;
        *link = found->next;
        question_count--;
        return found;
    }
    return NULL;
}

// A name nobody may ask for does not exist here: musl waits for seconds after any other refusal.
static int code_of(uint32_t status) {
    switch (status) {
    case 0:
    case 1:
        return DNS_OK;
    case DNS_FAILED + 1: // native/resolve.h: ANSWER_SERVFAIL
        return DNS_FAILED;
    default:
        return DNS_NO_NAME;
    }
}

static void take_answers(void) {
    struct boxer_net_request request = {.kind = BOXER_NET_ANSWER};
    struct boxer_net_answer told;
    while (outside_request(&request, NULL, 0, &told, sizeof told) == 0) {
        struct question *question = take(told.id);
        if (!question)
            continue;
        told.name[sizeof told.name - 1] = 0;
        struct dns_answer answer = {.code = code_of(told.status),
                                    .count = told.status == 0 ? told.count : 0,
                                    .addresses = (const uint8_t (*)[16])told.addresses,
                                    .name = told.name_size ? (const char *)told.name : NULL};
        if (question->socket)
            question->socket->asking--;
        if (question->socket)
            reply(question->socket, &question->query, &answer);
        kfree(question);
    }
}

static void ask(struct socket *socket, const uint8_t *message, size_t size) {
    struct question *question = question_count < MOST ? kmalloc(sizeof *question) : NULL;
    struct dns_query few, *query = question ? &question->query : &few;
    int code = dns_read(message, size, query);
    if (code == DNS_OK && question) {
        struct boxer_net_request request = {
            .kind = BOXER_NET_RESOLVE, .descriptor = ++next_number, .option = query->type};
        outside_on_answer(take_answers);
        int error = outside_request(&request, query->name, query->name_size, NULL, 0);
        code = error == -EAGAIN ? DNS_FAILED : error ? DNS_NO_NAME : DNS_OK;
        if (!error) {
            question->socket = socket;
            question->number = next_number;
            question->next = questions;
            questions = question;
            question_count++;
            socket->asking++;
            return;
        }
    }
    if (code >= 0)
        reply_code(socket, query, code == DNS_OK ? DNS_FAILED : code);
    kfree(question);
}

long dns_ask(struct socket *from, const struct message *message) {
    uint8_t bytes[QUERY_MOST];
    if (message->size <= sizeof bytes) {
        message_gather(message, 0, (char *)bytes, message->size);
        ask(from, bytes, message->size);
    }
    return (long)message->size;
}

void dns_serve(struct socket *server) {
    server->serves_names = 1;
}

void dns_look(struct socket *server) {
    uint8_t bytes[LENGTH + QUERY_MOST];
    struct linux_iovec vector = {bytes, sizeof bytes};
    struct message message = {
        .vectors = &vector, .count = 1, .size = sizeof bytes, .flags = LINUX_MSG_PEEK};
    for (;;) {
        vector.size = message.size = sizeof bytes;
        message.flags = LINUX_MSG_PEEK;
        long got = socket_receive(server, &message);
        size_t size = got < LENGTH ? 0 : (size_t)(bytes[0] << 8 | bytes[1]);
        if (got < LENGTH || (size <= QUERY_MOST && (size_t)got < LENGTH + size))
            return;
        if (size > QUERY_MOST) {
            server->shut |= SHUT_BOTH; // nobody who asks for a name: it is not listened to
            return;
        }
        vector.size = message.size = LENGTH + size;
        message.flags = 0;
        socket_receive(server, &message);
        ask(server, bytes + LENGTH, size);
    }
}

void dns_forget(struct socket *socket) {
    for (struct question *question = questions; question; question = question->next)
        if (question->socket == socket)
            question->socket = NULL;
}
