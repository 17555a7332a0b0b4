// gai_strerror(3). No resolver is ever reached: what that means is said where it is read.
#include <netdb.h>
#include <stddef.h>

static const struct {
    int code;
    const char *text;
} texts[] = {
    {EAI_BADFLAGS, "Bad flags"},
    {EAI_NONAME, "Name or service not known"},
    {EAI_AGAIN, "A box has no network in which this name could be looked up"},
    {EAI_FAIL, "The name cannot be looked up"},
    {EAI_NODATA, "The name has no address"},
    {EAI_FAMILY, "Address family not supported"},
    {EAI_SOCKTYPE, "Socket type not supported"},
    {EAI_SERVICE, "Service not supported for this socket type"},
    {EAI_MEMORY, "Out of memory"},
    {EAI_SYSTEM, "System error"},
    {EAI_OVERFLOW, "Buffer too small"},
};

const char *gai_strerror(int code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code)
            return texts[i].text;
    return "Unknown error";
}
