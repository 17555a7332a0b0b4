// The file systems of a machine, from its boot to its runs.
#ifndef KERNEL_BOOT_FS_H
#define KERNEL_BOOT_FS_H

void fs_name_server(void);    // /etc/resolv.conf names the box's own
int fs_boot(void);            // root from the boot block's tree image, /dev, /proc, /tmp
void fs_freeze(void);         // caches dropped, host folders unmounted
int fs_thaw(const char *cwd); // host folders of this run mounted: the first descriptor that is none
int fs_has_folders(void);     // whether there are any

#endif
