// fs/tmpfs/tree.c, fs/tmpfs/inflate.c: the tree image, sound and corrupted.
#define _DEFAULT_SOURCE // MAP_32BIT: the image's address must fit into 32 bits

#include "files.h"
#include "fs/tmpfs/content.h"
#include "mm/memory.h"
#include "sys/read_write.h"
#include "sys/size.h"
#include "vfs/inode.h"

#include <boxer/boot.h>
#include <boxer/linux_file.h>

#include <sys/mman.h>
#include <zlib.h>

#define ROOM 65536u
#define ENTRIES_MAX 16

static uint8_t image[ROOM] __attribute__((aligned(8)));
static uint8_t *low; // where it is booted from: its end is the end of what may be touched
static uint8_t *booted;
static uint32_t used;
static struct boxer_tree *header;
static struct boxer_tree_entry *entries;
static const char packed_text[] = "many many many many many many many many many many words";

static uint32_t append(const void *bytes, uint32_t size) {
    uint32_t at = used = (used + 7) & ~7u;
    memcpy(image + at, bytes, size);
    used += size;
    return at;
}

static struct boxer_tree_entry *add(uint32_t parent, const char *name, uint32_t mode) {
    struct boxer_tree_entry *entry = &entries[header->count++];
    *entry = (struct boxer_tree_entry){.parent = parent, .mode = mode, .mtime_sec = 77};
    entry->name_len = (uint32_t)strlen(name);
    entry->name = append(name, entry->name_len);
    return entry;
}

static void content(struct boxer_tree_entry *entry, const char *text) {
    entry->size = entry->stored = (uint32_t)strlen(text);
    entry->data = append(text, entry->size);
}

static void deflated(struct boxer_tree_entry *entry, const char *text) {
    uint8_t packed[256];
    uLongf size = sizeof packed;
    CHECK_EQUAL(compress(packed, &size, (const Bytef *)text, strlen(text)), 0);
    entry->size = (uint32_t)strlen(text);
    entry->stored = (uint32_t)size;
    entry->data = append(packed, (uint32_t)size);
}

// The first half of `packed_text`, and the rest, in a block.
static void in_block(struct boxer_tree_entry *entry, const struct boxer_tree_entry *block,
                     uint32_t offset, uint32_t size) {
    entry->data = block->data;
    entry->stored = block->stored;
    entry->block = block->size;
    entry->offset = offset;
    entry->size = size;
}

enum { ROOT, FOLDER, PLAIN, PACKED, LINK, HARD, EMPTY, DEVICE, FIRST, SECOND };

static void build(void) {
    memset(image, 0, ROOM);
    header = (void *)image;
    memcpy(header->magic, BOXER_TREE_MAGIC, sizeof header->magic);
    used = header->entries = sizeof *header;
    entries = (void *)(image + used);
    used += ENTRIES_MAX * sizeof *entries;
    add(0, "", S_IFDIR | 0755);
    add(ROOT, "folder", S_IFDIR | 0750)->uid = 5;
    content(add(FOLDER, "plain", S_IFREG | 0644), "plain text");
    deflated(add(FOLDER, "packed", S_IFREG | 0600), packed_text);
    content(add(ROOT, "link", S_IFLNK | 0777), "folder/plain");
    add(ROOT, "hard", S_IFREG | 0644)->link = PLAIN + 1;
    add(ROOT, "empty", S_IFREG | 0644);
    add(ROOT, "zero", S_IFCHR | 0666)->rdev = 0x105;
    in_block(add(ROOT, "first", S_IFREG | 0644), &entries[PACKED], 0, 10);
    in_block(add(ROOT, "second", S_IFREG | 0644), &entries[PACKED], 10, sizeof packed_text - 11);
    header->total_size = used;
}

// Boots over the image as it now is, in a copy of this process: kernel_boot's answer, negated.
static int boots(void (*test)(void)) {
    booted = low + ROOM - ((used + 7) & ~7u);
    memcpy(booted, image, used);
    boxer_boot.tree = (uint32_t)(uintptr_t)booted;
    boxer_boot.tree_size = used;
    return EXIT_STATUS({
        failures = 0;
        int error = kernel_boot(0);
        if (!error && test)
            test();
        _exit(failures ? GOES_ON : -error);
    });
}

static void a_sound_image_becomes_the_tree(void) {
    CHECK(holds("/folder/plain", "plain text"));
    CHECK(holds("/folder/packed", packed_text));
    CHECK(holds("/link", "plain text") && holds("/hard", "plain text") && holds("/empty", ""));
    struct linux_statx stat = stat_of("/folder");
    CHECK_EQUAL(stat.mode, S_IFDIR | 0750);
    CHECK_EQUAL(stat.uid, 5);
    CHECK_EQUAL(stat.nlink, 2);
    CHECK_EQUAL(stat.size, 80);
    CHECK_EQUAL(stat.mtime.sec, 77);
    CHECK_EQUAL(stat_of("/hard").nlink, 2);
    CHECK_EQUAL(stat_of("/hard").ino, stat_of("/folder/plain").ino);
    CHECK_EQUAL(stat_of("/zero").rdev_minor, 5);
    CHECK_EQUAL(fs_usage.pages, 0); // read where it lies
}

static void files_of_a_block_are_read_from_it(void) {
    size_t before = pages_in_use();
    CHECK(holds("/second", packed_text + 10));
    size_t inflated = pages_in_use();
    CHECK(inflated > before);
    CHECK(holds("/first", "many many "));
    CHECK_EQUAL(pages_in_use(), inflated);
    CHECK_EQUAL(put("/first", "new"), 0);
    CHECK(holds("/first", "new") && holds("/second", packed_text + 10));
    tmpfs_drop_clean();
    CHECK(holds("/second", packed_text + 10));
    CHECK_EQUAL(remove_name("/second"), 0);
    tmpfs_drop_clean();
}

static void changes_are_private_copies(void) {
    uint8_t *original = booted + entries[PLAIN].data;
    long fd = opened("/hard", O_RDWR);
    CHECK_EQUAL(sys_pwrite64((int)fd, "P", 1, 0), 1);
    CHECK(holds("/folder/plain", "Plain text"));
    CHECK_EQUAL(*original, 'p');
    fd = opened("/folder/packed", O_RDWR);
    CHECK_EQUAL(sys_ftruncate64((int)fd, 4), 0);
    CHECK(holds("/folder/packed", "many"));
    CHECK_EQUAL(fs_usage.pages, 2);
    CHECK_EQUAL(put("/folder/packed", "new"), 0);
    CHECK(holds("/folder/packed", "new"));
    CHECK_EQUAL(remove_name("/folder/plain"), 0);
    CHECK(holds("/hard", "Plain text"));
}

static void what_was_inflated_is_dropped_by_the_freeze(void) {
    char buffer[8];
    size_t before = pages_in_use();
    CHECK(holds("/folder/packed", packed_text));
    CHECK(pages_in_use() > before);
    tmpfs_drop_clean();
    CHECK_EQUAL(pages_in_use(), before);
    CHECK(holds("/folder/packed", packed_text)); // and inflated again
    long fd = opened("/folder/packed", O_RDONLY);
    memory_fail_at(1);
    CHECK_EQUAL(sys_read((int)fd, buffer, 8), 8);
}

static void a_damaged_stream_is_an_input_error(void) {
    char buffer[8];
    long fd = opened("/folder/packed", O_RDWR);
    CHECK_EQUAL(sys_read((int)fd, buffer, 8), -EIO);
    CHECK_EQUAL(sys_write((int)fd, buffer, 1), -EIO);
    CHECK_EQUAL(stat_fd(fd).size, (long)strlen(packed_text));
    CHECK(holds("/folder/plain", "plain text"));
}

static void check_boot(const char *what, int expected, void (*test)(void)) {
    int got = boots(test);
    if (got != expected) {
        failures++;
        printf("%s: answers %d, not %d\n", what, got, expected);
    }
}

// Each change makes the image one that must be refused.
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        build();                                                                                   \
        change;                                                                                    \
        check_boot(#change, EINVAL, NULL);                                                         \
    } while (0)

static void damaged_images_are_refused(void) {
    REFUSED(used = 31);
    REFUSED(header->magic[7] = '2');
    REFUSED(header->count = 0);
    REFUSED(header->count = 0x04000001); // times 64 it wraps
    REFUSED(header->count = UINT32_MAX);
    REFUSED(header->entries = used - 8);
    REFUSED(header->entries = UINT32_MAX - 7);
    REFUSED(header->entries += 4);
    REFUSED(entries[ROOT].mode = S_IFREG | 0644);
    REFUSED(entries[FOLDER].parent = FOLDER);
    REFUSED(entries[FOLDER].parent = UINT32_MAX);
    REFUSED(entries[PLAIN].parent = PACKED);
    REFUSED(entries[PACKED].parent = PLAIN); // no folder
    REFUSED(entries[PLAIN].name = used);
    REFUSED(entries[PLAIN].name = UINT32_MAX);
    REFUSED(entries[PLAIN].name_len = 0);
    REFUSED(entries[PLAIN].name_len = 256);
    REFUSED(image[entries[PLAIN].name] = '/');
    REFUSED(image[entries[PLAIN].name] = 0);
    REFUSED(content(&entries[PLAIN], ".."); entries[PLAIN].name = entries[PLAIN].data;
            entries[PLAIN].name_len = 2);
    REFUSED(entries[PACKED].name = entries[PLAIN].name; entries[PACKED].name_len = 5);
    REFUSED(entries[PLAIN].mode = 0644);
    REFUSED(entries[PLAIN].mode = 0170000);
    REFUSED(entries[PLAIN].data = used);
    REFUSED(entries[PLAIN].data = UINT32_MAX - 4);
    REFUSED(entries[PLAIN].stored = entries[PLAIN].size = ROOM);
    REFUSED(entries[PLAIN].stored = entries[PLAIN].size + 1);
    REFUSED(entries[LINK].size = 0; entries[LINK].stored = 0);
    REFUSED(entries[LINK].size = 5000);
    REFUSED(entries[LINK].stored = 3);
    REFUSED(entries[HARD].link = HARD + 2);
    REFUSED(entries[HARD].link = FOLDER + 1); // of a folder
    REFUSED(entries[HARD].link = UINT32_MAX);
    REFUSED(entries[SECOND].offset++);
    REFUSED(entries[SECOND].offset = UINT32_MAX);
    REFUSED(entries[SECOND].size = UINT32_MAX);
    REFUSED(entries[SECOND].block = entries[SECOND].stored - 1);
    REFUSED(entries[SECOND].data = used);
    REFUSED(entries[LINK].block = 100);
}

// Any byte may be anything: it has an answer, never a read behind the image.
static void no_single_byte_leads_astray(void) {
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    uint32_t end = 32 + 10 * 64;
    build();
    for (uint32_t at = 0; at < end; at += 7)
        for (size_t v = 0; v < sizeof values; v++) {
            build();
            image[at] = values[v];
            int got = boots(NULL);
            if (got != 0 && got != EINVAL) {
                failures++;
                printf("byte %u as %u: answers %d\n", at, values[v], got);
            }
        }
}

int main(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
    low = mmap(NULL, ROOM + PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(low != MAP_FAILED);
    CHECK_EQUAL(mprotect(low + ROOM, PAGE_SIZE, PROT_NONE), 0);
    CHECK_EQUAL(EXIT_STATUS(_exit(kernel_boot(0))), 0); // without an image
    build();
    check_boot("a sound image", 0, a_sound_image_becomes_the_tree);
    check_boot("files in blocks", 0, files_of_a_block_are_read_from_it);
    check_boot("changes", 0, changes_are_private_copies);
    check_boot("a freeze", 0, what_was_inflated_is_dropped_by_the_freeze);
    image[entries[PACKED].data + 4] ^= 0x55;
    check_boot("a damaged stream", 0, a_damaged_stream_is_an_input_error);
    build();
    entries[PACKED].size += 1;
    check_boot("a short stream", 0, NULL);
    damaged_images_are_refused();
    no_single_byte_leads_astray();
    return failures != 0;
}
