// gai_strerror(3). No resolver is ever reached: what that means is said where it is read.
#include <netdb.h>
#include <stddef.h>

static const struct {
    int code;
    const char *text;
} texts[] = {
    {EAI_BADFLAGS, "Bad value for ai_flags"},
    {EAI_NONAME, "Name or service not known"},
    {EAI_AGAIN, "A box has no network in which this name could be looked up"},
    {EAI_FAIL, "Non-recoverable failure in name resolution"},
    {EAI_NODATA, "No address associated with hostname"},
    {EAI_FAMILY, "ai_family not supported"},
    {EAI_SOCKTYPE, "ai_socktype not supported"},
    {EAI_SERVICE, "Servname not supported for ai_socktype"},
    {EAI_MEMORY, "Memory allocation failure"},
    {EAI_SYSTEM, "System error"},
    {EAI_OVERFLOW, "Result too large for supplied buffer"},
};

const char *gai_strerror(int code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code)
            return texts[i].text;
    return "Unknown error";
}
