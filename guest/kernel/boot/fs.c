// The file systems of a machine, from its boot to its runs.
#include "boot/fs.h"
#include "fs/dev/dev.h"
#include "fs/host/mount.h"
#include "fs/proc/proc.h"
#include "fs/proc/sys.h"
#include "fs/tmpfs/content.h"
#include "fs/tmpfs/tmpfs.h"
#include "fs/tmpfs/tree.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/io.h"
#include "vfs/mount.h"
#include "vfs/open.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#define TMPFS_MAGIC 0x01021994u

int fs_boot(void) {
    struct filesystem *fs = fs_new("tmpfs", "box", TMPFS_MAGIC, 1);
    struct inode *root = fs ? tmpfs_inode(fs, S_IFDIR | 0755) : NULL;
    if (!root)
        return -ENOMEM;
    int error = fs_attach(fs, NULL, root);
    if (error)
        return error;
    fs->root->linked = 1; // a root has no name to lose
    path_set_root(fs->root);
    path_set_cwd(fs->root);
    error = tree_read();
    if (!error)
        error = dev_boot();
    if (!error)
        error = proc_boot();
    return error;
}

void fs_freeze(void) {
    hostfs_unmount_all();
    tmpfs_drop_clean();
}

int fs_thaw(const char *cwd) {
    proc_thaw();
    return hostfs_mount_all(cwd);
}

int fs_has_folders(void) {
    return hostfs_is_there();
}

// As whoever the program is: the file is the kernel's.
void fs_name_server(void) {
    static const char text[] = "nameserver 127.0.0.11\noptions ndots:0\n";
    struct credentials *who = &current->process->credentials;
    uint32_t fsuid = who->fsuid;
    uint64_t capabilities = who->capabilities;
    int64_t pos = 0;
    who->fsuid = 0;
    who->capabilities = UINT64_MAX;
    long fd = open_at(AT_FDCWD, "/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC, 0644, 0);
    who->fsuid = fsuid;
    who->capabilities = capabilities;
    if (fd < 0)
        return;
    io_write(fd_file((int)fd), text, sizeof text - 1, &pos, 0);
    fd_close((int)fd);
}
