// Nothing is loaded at run time, but a program may ask for itself: dlopen(NULL). That handle has no
// symbols, which dlsym says as it says it of any other.
#include <dlfcn.h>
#include "dynlink.h"

static char program;

void *dlopen(const char *file, int mode)
{
	(void)mode;
	if (!file) return &program;
	__dl_seterr("%s: a box loads no libraries at run time", file);
	return 0;
}

int dlclose(void *handle)
{
	return handle == &program ? 0 : __dl_invalid_handle(handle);
}
