// Names and what they name.
#ifndef KERNEL_VFS_ENTRY_H
#define KERNEL_VFS_ENTRY_H

#include "vfs/path.h"

int entry_is_removed(const struct dentry *dir); // it can still be somebody's working directory
int entry_may_add(struct dentry *dir);
int entry_may_remove(struct place *place, int as_directory);
// place: its last component is not there. *made, *added: referenced.
int entry_create(struct place *place, uint32_t mode, uint32_t rdev, struct dentry **made);
int entry_add(struct dentry *dir, const char *name, size_t len, struct inode *,
              struct dentry **added);
void entry_remove(struct dentry *);

#endif
