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

void attended_listening(uint16_t port) {
    struct line line = {.size = 0};
    if (!attended)
        return;
    attended = 0;
    line_put(&line, "boxer: the program listens on port ");
    line_number(&line, port, 10, 0);
    line_put(&line, " inside its box; a box has no port of its host, so nothing outside reaches it."
                    " Ctrl-C ends it\n");
    host_write(2, line.text, line.size);
}
