// A server in C for test_serving_own_server.py: it counts lines, and forgets nothing by itself.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int lines;
static char last[256] = "none";

static void serve(int connection) {
    char got[256], answer[600];
    ssize_t size;
    while ((size = read(connection, got, sizeof got - 1)) > 0) {
        got[size] = 0;
        int length = snprintf(answer, sizeof answer, "%d after %s: %s", ++lines, last, got);
        got[strcspn(got, "\n")] = 0;
        strcpy(last, got);
        if (write(connection, answer, (size_t)length) != length)
            break;
    }
    close(connection);
}

int main(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(7000)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 8))
        return 1;
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0)
            serve(connection);
    }
}
