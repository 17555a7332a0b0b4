// Says what no program can know of its machine.
#include "host/attended.h"
#include "host/host.h"
#include "host/line.h"
#include "state.h"

static KERNEL_STATE int attended;

void attended_start(void) {
    attended = 1;
}

void attended_stop(void) {
    attended = 0;
}

void attended_listening(uint16_t port, int loopback) {
    struct line line = {.size = 0};
    if (!attended)
        return;
    attended = 0;
    line_put(&line, "boxer: the program listens on port ");
    line_number(&line, port, 10, 0);
    line_put(&line, " inside its box, where nothing outside reaches it: ");
    if (loopback)
        line_put(&line, "let it listen on 0.0.0.0, and ");
    line_put(&line, "`boxer run -p ");
    line_number(&line, port, 10, 0);
    line_put(&line, "` gives it a port of this machine. Ctrl-C ends it\n");
    host_write(2, line.text, line.size);
}
