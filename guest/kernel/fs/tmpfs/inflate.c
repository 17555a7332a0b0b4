// Inflating what the linker stored compressed: zlib streams (RFC 1950), with zlib itself, and
// LZMA's, with liblzma where a program is linked with it for its own sake.
#include "fs/tmpfs/inflate.h"
#include "mm/slab.h"

#include <boxer/linux_errno.h>
#include <zlib.h>

static void *allocate(size_t items, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(items, size, &bytes) ? NULL : kmalloc(bytes);
}

static voidpf allocate_zlib(voidpf unused, uInt items, uInt size) {
    (void)unused;
    return allocate(items, size);
}

static void release(void *unused, void *memory) {
    (void)unused;
    kfree(memory);
}

static int inflate_zlib(void *into, size_t size, const uint8_t *data, size_t stored) {
    z_stream stream = {
        .next_in = (Bytef *)data,
        .avail_in = (uInt)stored,
        .next_out = into,
        .avail_out = (uInt)size,
        .zalloc = allocate_zlib,
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

#if __has_include(<lzma.h>)
#include <lzma.h>

#define LZMA_HEAD 0x04 // lc 4, lp 0, pb 0: the first byte of what the linker writes (.lzma)

#pragma weak lzma_alone_decoder
#pragma weak lzma_code
#pragma weak lzma_end

static void *allocate_lzma(void *unused, size_t items, size_t size) {
    (void)unused;
    return allocate(items, size);
}

static int inflate_lzma(void *into, size_t size, const uint8_t *data, size_t stored) {
    static const lzma_allocator allocator = {allocate_lzma, release, NULL};
    lzma_stream stream = LZMA_STREAM_INIT;
    stream.allocator = &allocator;
    stream.next_in = data;
    stream.avail_in = stored;
    stream.next_out = into;
    stream.avail_out = size;
    // Its window is as large as the data says; no block is larger than what it is inflated to.
    if (lzma_alone_decoder(&stream, size + ((uint64_t)1 << 20)) != LZMA_OK)
        return -ENOMEM;
    lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    size_t left = stream.avail_out;
    lzma_end(&stream);
    if (result == LZMA_MEM_ERROR)
        return -ENOMEM;
    return result == LZMA_STREAM_END && left == 0 ? 0 : -EIO;
}
#endif

int lower_inflate(void *into, size_t size, const uint8_t *data, size_t stored) {
#if __has_include(<lzma.h>)
    if (stored && data[0] == LZMA_HEAD)
        return lzma_alone_decoder ? inflate_lzma(into, size, data, stored) : -EIO;
#endif
    return inflate_zlib(into, size, data, stored);
}
