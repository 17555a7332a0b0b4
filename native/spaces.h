// What the files that keep a guest's processes share: space.c, parts.c, settle.c, exchange.c.
#ifndef BOXER_NATIVE_SPACES_H
#define BOXER_NATIVE_SPACES_H

#include "moving.h"
#include "space.h"

// MOST_PARTS: beyond that a process is written to a file as a whole.
enum { PAGE = 4096, TABLE = 2 << 20, MOST_RANGES = 16384, MOST_PARTS = 256 };

// bytes: that it holds. It goes with the last part that names it.
struct file {
    int descriptor;
    uint32_t references;
    uint64_t bytes;
};

// file: null: the image. is_whole: known to lie within one mapping.
struct part {
    struct range range;
    struct file *file;
    int is_whole;
};

// parts: what is known of how it is mapped, sorted. bytes: private ones at most, out of place.
struct space {
    uint32_t id, count, room, forks;
    uint8_t *reserved, *stash; // stash: + an offset in memory
    struct part *parts;
    uint64_t bytes;
};

struct ranges {
    uint32_t id, count;
    struct range of[MOST_RANGES];
};

struct spaces {
    struct space **all, *in_place;
    uint32_t count, room;
    uint64_t reserved; // bytes of each stash
    uint64_t filed;    // bytes in files
    struct ranges leaving, entering;
};

// space.c. Begins with the first process that is to be put aside. -errno: of Linux.
int spaces_begin(struct boxer_machine *);
struct space *spaces_find(const struct boxer_machine *, uint32_t id);
int spaces_read(struct boxer_machine *, uint32_t descriptor, struct ranges *);
int spaces_name(struct boxer_machine *, uint32_t id); // the process in place is called that
// What may still be added to what is out of place, but for one.
uint64_t spaces_left(const struct boxer_machine *, const struct space *but);
int spaces_over(struct boxer_machine *, enum boxer_kind, uint32_t status, const char *problem);

// parts.c
void parts_hold(struct spaces *, struct file *);    // a new file
void parts_release(struct spaces *, struct file *); // a reference less; null: none
int parts_add(struct space *, struct part);         // 0, or -1
void parts_drop(struct spaces *, struct space *);
int parts_have_room(int64_t more); // for parts and a file, among all machines'
typedef int (*piece_visitor)(void *state, const struct part *piece);
int parts_each(const struct boxer_machine *, const struct part *, uint32_t count,
               const struct ranges *, piece_visitor, void *state);

// settle.c. Has large private runs in a file, where that is worth it. -1: the run cannot go on.
int space_settle(struct boxer_machine *, const struct ranges *, uint64_t most);

static inline struct source source_of(const struct boxer_machine *machine,
                                      const struct file *file) {
    return (struct source){machine->image, file ? file->descriptor : -1};
}

#endif
