// The flags of getrandom(2), where programs that know the kernel's header look for them.
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <sys/random.h>

#endif
