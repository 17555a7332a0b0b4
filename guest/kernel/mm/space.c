// Spaces: which pages are a process's.
//
// Invariants
// 1. A page that a space owns is in pages_lent, and is released when the last one gives it up.
// 2. Where a space has a page others may have one too: only one of them is in place.
// 3. A space takes pages in words without the kernel's, unless it wants exactly these.
// 4. There are always bits for as much memory as there was when a page was last asked for.
#include "mm/space.h"
#include "host/host.h"
#include "mm/memory.h"
#include "mm/pages.h"
#include "mm/ranges.h"
#include "mm/slab.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define WORDS_STEP 64u // 16 MiB of memory: half a kilobyte

static KERNEL_STATE struct space first_space;
static KERNEL_STATE struct space *spaces;
static KERNEL_STATE uint32_t last_id;
KERNEL_STATE struct space *space_in_place = &first_space;

void spaces_released(size_t page) {
    page = page / 64 * 64; // all of a word that has no page of the kernel's now
    for (struct space *space = spaces; space; space = space->next)
        if (page < space->hint)
            space->hint = page < pages.search ? pages.search : page;
}

static uint64_t *more_words(uint64_t *old, size_t had, size_t words) {
    uint64_t *bits = krealloc(old, words * sizeof *bits);
    if (bits)
        memset(bits + had, 0, (words - had) * sizeof *bits);
    return bits;
}

// Bits for pages below `end`. 0: no memory.
static int reaches(struct space *space, size_t end) {
    size_t words = (end + 63) / 64;
    if (words <= space->words)
        return 1;
    words = (words + WORDS_STEP - 1) / WORDS_STEP * WORDS_STEP;
    uint64_t *own = more_words(space->own, space->words, words);
    if (!own)
        return 0;
    space->own = own;
    uint64_t *shown = more_words(space->shown, space->words, words);
    if (!shown)
        return 0;
    space->shown = shown;
    space->words = words;
    return !space->ranges || ranges_make_room(space);
}

void spaces_boot(void) {
    first_space = (struct space){.told = {.id = 1}, .refs = 1, .hint = pages.search};
    space_in_place = spaces = &first_space;
    last_id = 1;
    reaches(&first_space, pages.limit + 1); // or when it asks for the first page
}

static uint64_t own_bits(const struct space *space, size_t word) {
    return word < space->words ? space->own[word] : 0;
}

static int any_other_has(size_t word) {
    for (struct space *space = spaces; space; space = space->next)
        if (space != space_in_place && own_bits(space, word))
            return 1;
    return 0;
}

static int mixes(struct space *space, size_t word) {
    (void)word;
    space->mixed++;
    return !space->ranges || ranges_make_room(space);
}

int space_admits(size_t word) {
    return !any_other_has(word) && mixes(space_in_place, word);
}

static uint64_t taken_for_program(size_t word) {
    return kernels(word) ? ~0ull : own_bits(space_in_place, word);
}

static void own(struct space *space, size_t from, size_t to) {
    pages_take(from, to, 1);
    set_bits(pages_lent, from, to, 1);
    set_bits(space->own, from, to, 1);
}

void *space_alloc(size_t count) {
    struct space *space = space_in_place;
    if (count == 0 || count > MAX_PAGES || memory_refuses())
        return NULL;
    size_t page, end = pages.limit + count;
    do { // bits for a longer memory may take pages, the ones found too
        if (!reaches(space, end))
            return NULL;
        space->hint = pages_find(space->hint, 1, taken_for_program);
        page = pages_find(space->hint, count, taken_for_program);
        if (count > MAX_PAGES - page)
            return NULL;
        end = page + count; // behind memory's end by up to a word, where that lies within one
    } while (end > space->words * 64);
    if (!pages_reach(end))
        return NULL;
    own(space, page, end);
    return address_of(page);
}

// Whether nothing in [from, to) is the kernel's or the space's own.
static int is_free_for(const struct space *space, size_t from, size_t to) {
    for (size_t word = from / 64; word <= (to - 1) / 64; word++)
        if ((kernels(word) | own_bits(space, word)) & mask_of(from, to, word))
            return 0;
    return 1;
}

int space_claim(uintptr_t address, size_t count) {
    struct space *space = space_in_place;
    if (address < pages.base || count == 0)
        return 0;
    size_t page = (address - pages.base) / PAGE_SIZE;
    if (page < pages.first || page >= MAX_PAGES || count > MAX_PAGES - page || memory_refuses())
        return 0;
    size_t end = page + count;
    if (!reaches(space, end) || !is_free_for(space, page, end))
        return 0;
    for (size_t word = page / 64; word <= (end - 1) / 64; word++)
        if (kernels(word) && !mixes(space, word))
            return 0;
    if (!is_free_for(space, page, end) || !pages_reach(end))
        return 0;
    own(space, page, end);
    return 1;
}

int space_extend(uintptr_t address, size_t old, size_t count) {
    if (count < old)
        space_free(address + count * PAGE_SIZE, old - count);
    return count <= old || space_claim(address + old * PAGE_SIZE, count - old);
}

static int others_own(size_t page) {
    for (struct space *space = spaces; space; space = space->next)
        if (page / 64 < space->words && bit_of(space->own, page))
            return 1;
    return 0;
}

static void give_up(struct space *space, size_t from, size_t to) {
    set_bits(space->own, from, to, 0);
    for (size_t page = from, end; page < to; page = end) {
        int owned = others_own(page);
        for (end = page + 1; end < to && others_own(end) == owned;)
            end++;
        if (!owned)
            pages_release(page, end);
    }
    spaces_released(from);
}

void space_free(uintptr_t address, size_t count) {
    size_t page = page_of((void *)address);
    give_up(space_in_place, page, page + count);
}

static void give_up_all(struct space *space) {
    size_t limit = space->words * 64;
    for (size_t page = next_bit(space->own, 0, limit, 1); page < limit;) {
        size_t end = next_bit(space->own, page, limit, 0);
        give_up(space, page, end);
        page = next_bit(space->own, end, limit, 1);
    }
}

void space_discard(void) {
    struct space *space = space_in_place;
    give_up_all(space);
    memset(space->shown, 0, space->words * sizeof *space->shown);
    space->brk_end = 0;
    space->mixed = 0;
}

int space_expects(uintptr_t wanted, size_t count) {
    size_t end = pages.limit;
    if (wanted >= pages.base && (wanted - pages.base) / PAGE_SIZE > end)
        end = (wanted - pages.base) / PAGE_SIZE;
    if (count > MAX_PAGES - pages.limit && !wanted)
        return 0;
    // Twice: the file's own pages may be made first, and lie before them.
    return end < MAX_PAGES && reaches(space_in_place, end + 2 * count + 2 * WORDS_STEP);
}

static void set_shown(struct space *space, void *start, size_t count, int value) {
    size_t page = page_of(start), end = page + count, limit = space->words * 64;
    if (value && end > limit)
        host_abort(); // nobody has said space_expects
    if (page < limit)
        set_bits(space->shown, page, end < limit ? end : limit, value);
}

void space_show(void *start, size_t count) {
    set_shown(space_in_place, start, count, 1);
}

void space_hide(struct space *space, void *start, size_t count) {
    set_shown(space, start, count, 0);
}

enum page_owner page_owner(uintptr_t address) {
    const struct space *space = space_in_place;
    if (address < pages.base || (address - pages.base) / PAGE_SIZE >= pages.limit)
        return PAGE_FREE;
    size_t page = (address - pages.base) / PAGE_SIZE;
    if (page / 64 < space->words && (bit_of(space->own, page) || bit_of(space->shown, page)))
        return PAGE_PROGRAM;
    return page < pages.first || (kernels(page / 64) >> page % 64 & 1) ? PAGE_KERNEL : PAGE_FREE;
}

int page_is_shared(uintptr_t address) {
    size_t page = (address - pages.base) / PAGE_SIZE;
    return address >= pages.base && page / 64 < space_in_place->words &&
           bit_of(space_in_place->shown, page);
}

int pages_given(uintptr_t address, size_t count) {
    size_t page = (address - pages.base) / PAGE_SIZE;
    if (address < pages.base || page >= pages.limit || count > pages.limit - page)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (page_owner(address + i * PAGE_SIZE) != PAGE_PROGRAM)
            return 0;
    return 1;
}

size_t space_pages(const struct space *space) {
    size_t count = 0;
    for (size_t word = 0; word < space->words; word++)
        count += (size_t)__builtin_popcountll(space->own[word] | space->shown[word]);
    return count;
}

int space_prepare(struct space *space) {
    return ranges_make_room(space) ? 0 : -ENOMEM;
}

static struct space *new_space(size_t words) {
    struct space *space = kzalloc(sizeof *space);
    if (!space)
        return NULL;
    space->refs = 1;
    space->hint = pages.search;
    if ((words && !reaches(space, words * 64)) || !ranges_make_room(space)) {
        kfree(space->own);
        kfree(space->shown);
        kfree(space->ranges);
        kfree(space->edges);
        kfree(space);
        return NULL;
    }
    space->told.id = ++last_id;
    space->next = spaces;
    spaces = space;
    return space;
}

struct space *space_copy_of(const struct space *from) {
    struct space *space = new_space(from->words);
    if (!space)
        return NULL;
    space->mixed = from->mixed;
    if (!ranges_make_room(space)) {
        space_put(space);
        return NULL;
    }
    memcpy(space->own, from->own, from->words * sizeof *space->own);
    memcpy(space->shown, from->shown, from->words * sizeof *space->shown);
    space->hint = from->hint;
    space->brk_end = from->brk_end;
    ranges_copy(space, from);
    return space;
}

struct space *space_copy(void) {
    struct space *space = space_copy_of(space_in_place);
    if (space)
        edges_keep(space);
    return space;
}

struct space *space_empty(void) {
    struct space *space = new_space(0);
    if (!space)
        return NULL;
    ranges_tell(space);
    edges_keep(space); // constants may lie in pages that it shares
    return space;
}

void space_get(struct space *space) {
    space->refs++;
}

int space_put(struct space *space) {
    if (--space->refs)
        return 0;
    give_up_all(space);
    struct space **link = &spaces;
    while (*link != space)
        link = &(*link)->next;
    *link = space->next;
    kfree(space->own);
    kfree(space->shown);
    kfree(space->ranges);
    kfree(space->edges);
    if (space != &first_space)
        kfree(space);
    return 1;
}

void space_leave(void) {
    ranges_tell(space_in_place);
    edges_keep(space_in_place);
}

void space_enter(struct space *space) {
    space_in_place = space;
    edges_put_back(space);
}
