// What is known of how a process's memory is mapped: parts, each from the image or from a file that
// a fork has written. All machines together have no more of them than a process may have mappings.
#include "spaces.h"

#include <stdlib.h>
#include <unistd.h>

// Of all machines: a process has 65,530 mappings by default.
enum { MOST_MAPPINGS = 16384, MOST_FILES = 256 };

static int64_t mappings, files;

int parts_have_room(int64_t more) {
    return __atomic_load_n(&mappings, __ATOMIC_RELAXED) + more <= MOST_MAPPINGS &&
           __atomic_load_n(&files, __ATOMIC_RELAXED) < MOST_FILES;
}

void parts_hold(struct spaces *spaces, struct file *file) {
    file->references = 1;
    __atomic_add_fetch(&files, 1, __ATOMIC_RELAXED);
    spaces->filed += file->bytes;
}

void parts_release(struct spaces *spaces, struct file *file) {
    if (!file || --file->references)
        return;
    spaces->filed -= file->bytes;
    __atomic_sub_fetch(&files, 1, __ATOMIC_RELAXED);
    close(file->descriptor);
    free(file);
}

void parts_drop(struct spaces *spaces, struct space *space) {
    for (uint32_t i = 0; i < space->count; i++)
        parts_release(spaces, space->parts[i].file);
    __atomic_sub_fetch(&mappings, (int64_t)space->count, __ATOMIC_RELAXED);
    free(space->parts);
    space->parts = NULL;
    space->count = space->room = 0;
}

// Neighbours that lie within one mapping become one part.
int parts_add(struct space *space, struct part part) {
    if (!part.range.size)
        return 0;
    if (space->count == space->room) {
        uint32_t room = space->room ? space->room * 2 : 8;
        struct part *grown = realloc(space->parts, room * sizeof *grown);
        if (!grown)
            return -1;
        space->parts = grown;
        space->room = room;
    }
    if (__atomic_add_fetch(&mappings, 1, __ATOMIC_RELAXED) > MOST_MAPPINGS) {
        __atomic_sub_fetch(&mappings, 1, __ATOMIC_RELAXED);
        return -1;
    }
    if (part.file)
        part.file->references++;
    space->parts[space->count++] = part;
    return 0;
}

// What is known of `ranges`, in order and without gaps: pieces of the parts, and what lies between
// them, cut at the image's end.
int parts_each(const struct boxer_machine *machine, const struct part *parts, uint32_t count,
               const struct ranges *ranges, piece_visitor visit, void *state) {
    uint32_t at = 0;
    uint64_t border = machine->image->size;
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint64_t offset = ranges->of[i].offset, end = offset + ranges->of[i].size;
        while (offset < end) {
            while (at < count && parts[at].range.offset + parts[at].range.size <= offset)
                at++;
            int is_known = at < count && parts[at].range.offset <= offset;
            uint64_t next = is_known     ? parts[at].range.offset + parts[at].range.size
                            : at < count ? parts[at].range.offset
                                         : end;
            next = next < end ? next : end;
            if (offset < border && next > border && !(is_known && parts[at].file))
                next = border;
            struct part piece = {{offset, next - offset},
                                 is_known ? parts[at].file : NULL,
                                 is_known && parts[at].is_whole};
            if (visit(state, &piece) < 0)
                return -1;
            offset = next;
        }
    }
    return 0;
}
