// What the machine is called: uname(2).
#include "task/uts.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_process.h>
#include <string.h>

// The oldest long-term Linux that has all calls of sys/table.c.
#define RELEASE "6.6.0-boxer"
#define VERSION "#1 Boxer"
#define MACHINE "wasm32"

KERNEL_STATE struct uts uts;

void uts_boot(void) {
    uts = (struct uts){.hostname = "box", .domainname = "(none)"};
}

void uts_name(struct linux_utsname *name) {
    memset(name, 0, sizeof *name);
    memcpy(name->sysname, "Linux", sizeof "Linux");
    memcpy(name->nodename, uts.hostname, sizeof uts.hostname);
    memcpy(name->release, RELEASE, sizeof RELEASE);
    memcpy(name->version, VERSION, sizeof VERSION);
    memcpy(name->machine, MACHINE, sizeof MACHINE);
    memcpy(name->domainname, uts.domainname, sizeof uts.domainname);
}

void kernel_set_hostname(const char *name) {
    size_t size = strlen(name);
    memset(uts.hostname, 0, sizeof uts.hostname);
    memcpy(uts.hostname, name, size < 64 ? size : 64);
}
