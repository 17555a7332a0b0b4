// A small server of HTTP/1.1: one thread waits with epoll; connections stay open.
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int client) {
    static char asked[4096], said[256];
    ssize_t size = read(client, asked, sizeof asked - 1);
    if (size <= 0) {
        close(client);
        return;
    }
    asked[size] = 0;
    char path[64] = "";
    sscanf(asked, "GET %60s", path);
    int length =
        snprintf(said, sizeof said, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\nC says %s",
                 strlen(path) + 7, path);
    if (write(client, said, (size_t)length) != length)
        close(client);
}

int main(int argc, char **argv) {
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)atoi(argv[argc - 1]))};
    int server = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, happened[64];
    if (bind(server, (struct sockaddr *)&own, sizeof own) || listen(server, 128) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event)) {
        perror("server");
        return 1;
    }
    for (;;) {
        int count = epoll_wait(epoll, happened, 64, -1);
        for (int i = 0; i < count; i++) {
            if (happened[i].data.fd != server) {
                answer(happened[i].data.fd);
                continue;
            }
            event.data.fd = accept(server, NULL, NULL);
            epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
}
