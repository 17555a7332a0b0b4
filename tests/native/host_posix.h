// The host's double for folders: preopened folders over real ones.
#ifndef TESTS_NATIVE_HOST_POSIX_H
#define TESTS_NATIVE_HOST_POSIX_H

// A fresh folder, and this process in it; on_host runs shell commands there, and answers their
// status.
const char *host_folder(void);
void host_folder_end(void);
int on_host(const char *commands);
// Preopens `folder` as `name`; read_only: the host refuses changes, as wasmtime does.
void host_preopen(const char *folder, const char *name, int read_only);
extern int host_open_descriptors;
extern int host_knows_modes; // as Boxer's own host does, and no other // opened and not closed,
                             // preopens apart

#endif
