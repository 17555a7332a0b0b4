// Inflating what the linker stored compressed, with zlib itself.
#include "fs/tmpfs/inflate.h"
#include "mm/slab.h"

#include <boxer/linux_errno.h>
#include <zlib.h>

static voidpf allocate(voidpf unused, uInt items, uInt size) {
    (void)unused;
    size_t bytes;
    return __builtin_mul_overflow((size_t)items, (size_t)size, &bytes) ? Z_NULL : kmalloc(bytes);
}

static void release(voidpf unused, voidpf memory) {
    (void)unused;
    kfree(memory);
}

int lower_inflate(void *into, size_t size, const uint8_t *data, size_t stored) {
    z_stream stream = {
        .next_in = (Bytef *)data,
        .avail_in = (uInt)stored,
        .next_out = into,
        .avail_out = (uInt)size,
        .zalloc = allocate,
        .zfree = release,
    };
    if (inflateInit(&stream) != Z_OK)
        return -ENOMEM;
    int result = inflate(&stream, Z_FINISH);
    size_t left = stream.avail_out;
    inflateEnd(&stream);
    if (result == Z_MEM_ERROR)
        return -ENOMEM;
    return result == Z_STREAM_END && left == 0 ? 0 : -EIO;
}
