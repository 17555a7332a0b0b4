// Calls a function's box by the function protocol, through any command that runs preview 1 modules.
//   call '{"name":"Ada"}' wasmtime run BOX.wasm      prints the reply's kind and its bytes
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGEST = 256 << 20 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void put(int fd, const void *bytes, size_t size) {
    for (const char *at = bytes; size;) {
        ssize_t done = write(fd, at, size);
        if (done < 0)
            fail("write");
        at += done;
        size -= (size_t)done;
    }
}

static void get(int fd, void *bytes, size_t size) {
    for (char *at = bytes; size;) {
        ssize_t done = read(fd, at, size);
        if (done <= 0)
            fail("read");
        at += done;
        size -= (size_t)done;
    }
}

static void put_size(int fd, uint32_t size) {
    put(fd, (uint8_t[4]){size & 255, size >> 8 & 255, size >> 16 & 255, size >> 24}, 4);
}

static uint32_t get_size(int fd) {
    uint8_t bytes[4];
    get(fd, bytes, 4);
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int main(int argc, char **argv) {
    static const char head[] = "c{\"f\":\"boxer.functions:call\",\"a\":[", tail[] = "],\"k\":{}}";
    int given[2], answered[2];
    if (argc < 3 || pipe(given) || pipe(answered))
        fail("usage: call JSON COMMAND...");
    pid_t child = fork();
    if (child == 0) {
        dup2(given[0], 0);
        dup2(answered[1], 1);
        close(given[1]);
        close(answered[0]);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    close(given[0]);
    close(answered[1]);
    size_t size = strlen(argv[1]);
    put_size(given[1], (uint32_t)(sizeof head - 1 + size + sizeof tail - 1));
    put(given[1], head, sizeof head - 1);
    put(given[1], argv[1], size);
    put(given[1], tail, sizeof tail - 1);
    close(given[1]); // the last call
    uint32_t reply_size = get_size(answered[0]);
    char *reply = reply_size && reply_size < LARGEST ? malloc(reply_size) : NULL;
    if (!reply)
        fail("the reply");
    get(answered[0], reply, reply_size);
    printf("%c ", reply[0]);
    fwrite(reply + 1, 1, reply_size - 1, stdout);
    putchar('\n');
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
