// pbkdf2_hmac and scrypt of hashlib, which CPython has from OpenSSL alone (the module _boxer_kdf).
//
// Belongs here: RFC 8018's PBKDF2 with HMAC, RFC 7914's scrypt, over the hash functions that
// CPython carries (HACL*). Does not: hashes and HMAC themselves.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal/Hacl_Hash_MD5.h"
#include "internal/Hacl_Hash_SHA1.h"
#include "internal/Hacl_Hash_SHA2.h"

#include "kdf.h"

#define MAX_BLOCK 128
#define MAX_DIGEST 64

union words {
    uint32_t w32[8];
    uint64_t w64[8];
};

// A Merkle-Damgard hash whose state can be copied between blocks.
struct hash {
    const char *name;
    uint32_t block, digest;
    void (*init)(union words *);
    void (*blocks)(union words *, uint8_t *, uint32_t count);
    void (*last)(union words *, uint64_t before, uint8_t *rest, uint32_t size);
    void (*finish)(union words *, uint8_t *digest);
};

#define SMALL(name, prefix)                                                                        \
    static void name##_init(union words *s) {                                                      \
        Hacl_Hash_##prefix##_init(s->w32);                                                         \
    }                                                                                              \
    static void name##_finish(union words *s, uint8_t *to) {                                       \
        Hacl_Hash_##prefix##_finish(s->w32, to);                                                   \
    }
#define MULTI(name, prefix)                                                                        \
    SMALL(name, prefix)                                                                            \
    static void name##_blocks(union words *s, uint8_t *b, uint32_t n) {                            \
        Hacl_Hash_##prefix##_update_multi(s->w32, b, n);                                           \
    }                                                                                              \
    static void name##_last(union words *s, uint64_t before, uint8_t *b, uint32_t n) {             \
        Hacl_Hash_##prefix##_update_last(s->w32, before, b, n);                                    \
    }
#define LARGE(name, prefix)                                                                        \
    static void name##_init(union words *s) {                                                      \
        Hacl_Hash_##prefix##_init(s->w64);                                                         \
    }                                                                                              \
    static void name##_blocks(union words *s, uint8_t *b, uint32_t n) {                            \
        Hacl_Hash_SHA2_sha512_update_nblocks(n * 128, b, s->w64);                                  \
    }                                                                                              \
    static void name##_last(union words *s, uint64_t before, uint8_t *b, uint32_t n) {             \
        Hacl_Hash_##prefix##_update_last(FStar_UInt128_uint64_to_uint128(before + n), n, b,        \
                                         s->w64);                                                  \
    }                                                                                              \
    static void name##_finish(union words *s, uint8_t *to) {                                       \
        Hacl_Hash_##prefix##_finish(s->w64, to);                                                   \
    }
#define MIDDLE(name, prefix)                                                                       \
    SMALL(name, prefix)                                                                            \
    static void name##_blocks(union words *s, uint8_t *b, uint32_t n) {                            \
        Hacl_Hash_SHA2_sha256_update_nblocks(n * 64, b, s->w32);                                   \
    }                                                                                              \
    static void name##_last(union words *s, uint64_t before, uint8_t *b, uint32_t n) {             \
        Hacl_Hash_##prefix##_update_last(before + n, n, b, s->w32);                                \
    }

MULTI(md5, MD5)
MULTI(sha1, SHA1)
MIDDLE(sha224, SHA2_sha224)
MIDDLE(sha256, SHA2_sha256)
LARGE(sha384, SHA2_sha384)
LARGE(sha512, SHA2_sha512)

#define HASH(name, block, digest)                                                                  \
    {#name, block, digest, name##_init, name##_blocks, name##_last, name##_finish}
static const struct hash hashes[] = {HASH(md5, 64, 16),     HASH(sha1, 64, 20),
                                     HASH(sha224, 64, 28),  HASH(sha256, 64, 32),
                                     HASH(sha384, 128, 48), HASH(sha512, 128, 64)};

// HMAC's two states behind their first blocks (RFC 2104).
struct key {
    const struct hash *hash;
    union words inner, outer;
};

static void digest(const struct hash *hash, union words state, uint64_t before, const uint8_t *text,
                   size_t size, uint8_t *to) {
    size_t whole = size / hash->block;
    // HACL* wants the last block, even a whole one, in its last call.
    if (whole && size % hash->block == 0)
        whole--;
    if (whole)
        hash->blocks(&state, (uint8_t *)text, (uint32_t)whole);
    size_t done = whole * hash->block;
    hash->last(&state, before + done, (uint8_t *)text + done, (uint32_t)(size - done));
    hash->finish(&state, to);
}

static void set_key(struct key *key, const struct hash *hash, const uint8_t *text, size_t size) {
    uint8_t block[MAX_BLOCK] = {0};
    key->hash = hash;
    hash->init(&key->inner);
    hash->init(&key->outer);
    if (size > hash->block)
        digest(hash, key->inner, 0, text, size, block);
    else if (size)
        memcpy(block, text, size);
    for (size_t i = 0; i < hash->block; i++)
        block[i] ^= 0x36;
    hash->blocks(&key->inner, block, 1);
    for (size_t i = 0; i < hash->block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    hash->blocks(&key->outer, block, 1);
}

static void hmac(const struct key *key, const uint8_t *text, size_t size, uint8_t *to) {
    uint8_t inner[MAX_DIGEST];
    const struct hash *hash = key->hash;
    digest(hash, key->inner, hash->block, text, size, inner);
    digest(hash, key->outer, hash->block, inner, hash->digest, to);
}

// One block of RFC 8018, 5.2 (F). Between two calls of `ask` lie some thousand rounds; a nonzero
// answer (a signal's exception) ends the work.
static int one_block(const struct key *key, uint8_t *salt, size_t salt_size, uint32_t number,
                     uint64_t rounds, uint8_t *to, int (*ask)(void)) {
    enum { BETWEEN = 1 << 14 };
    uint8_t *end = salt + salt_size;
    end[0] = (uint8_t)(number >> 24), end[1] = (uint8_t)(number >> 16);
    end[2] = (uint8_t)(number >> 8), end[3] = (uint8_t)number;
    uint8_t u[MAX_DIGEST];
    hmac(key, salt, salt_size + 4, u);
    memcpy(to, u, key->hash->digest);
    for (uint64_t round = 1; round < rounds; round++) {
        if (round % BETWEEN == 0 && ask())
            return -1;
        hmac(key, u, key->hash->digest, u);
        for (uint32_t i = 0; i < key->hash->digest; i++)
            to[i] ^= u[i];
    }
    return 0;
}

// 0, or -1 with an exception.
static int pbkdf2(const struct hash *hash, const uint8_t *password, size_t password_size,
                  const uint8_t *salt, size_t salt_size, uint64_t rounds, uint8_t *to,
                  size_t size) {
    struct key key;
    set_key(&key, hash, password, password_size);
    uint8_t *numbered = PyMem_Malloc(salt_size + 4);
    if (!numbered) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(numbered, salt, salt_size);
    int error = 0;
    for (uint32_t number = 1; size && !error; number++) {
        uint8_t block[MAX_DIGEST];
        size_t part = size < hash->digest ? size : hash->digest;
        error = one_block(&key, numbered, salt_size, number, rounds, block, PyErr_CheckSignals);
        memcpy(to, block, part);
        to += part;
        size -= part;
    }
    PyMem_Free(numbered);
    return error;
}

// The hash of this name, spelled as hashlib does; null: none that is done here.
static const struct hash *hash_named(const char *name) {
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (PyOS_stricmp(hashes[i].name, name) == 0)
            return &hashes[i];
    return NULL;
}

static PyObject *kdf_pbkdf2_hmac(PyObject *module, PyObject *arguments, PyObject *named) {
    static char *names[] = {"hash_name", "password", "salt", "iterations", "dklen", NULL};
    const char *name;
    Py_buffer password, salt;
    long long rounds;
    PyObject *length = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "sy*y*L|O:pbkdf2_hmac", names, &name,
                                     &password, &salt, &rounds, &length))
        return NULL;
    PyObject *result = NULL;
    const struct hash *hash = hash_named(name);
    Py_ssize_t size = hash ? (Py_ssize_t)hash->digest : 0;
    if (length != Py_None)
        size = PyNumber_AsSsize_t(length, PyExc_OverflowError);
    if (PyErr_Occurred()) {
        result = NULL;
    } else if (!hash) {
        PyErr_Format(PyExc_ValueError, "unsupported hash type %s", name);
    } else if (rounds < 1) {
        PyErr_SetString(PyExc_ValueError, "iteration value must be greater than 0.");
    } else if (size < 1) {
        PyErr_SetString(PyExc_ValueError, "key length must be greater than 0.");
    } else if ((result = PyBytes_FromStringAndSize(NULL, size)) &&
               pbkdf2(hash, password.buf, (size_t)password.len, salt.buf, (size_t)salt.len,
                      (uint64_t)rounds, (uint8_t *)PyBytes_AS_STRING(result), (size_t)size) < 0) {
        Py_CLEAR(result);
    }
    PyBuffer_Release(&password);
    PyBuffer_Release(&salt);
    return result;
}

// RFC 7914, 3: Salsa20/8 of 16 words.
static void salsa20_8(uint32_t b[16]) {
    uint32_t x[16];
    memcpy(x, b, sizeof x);
#define TURN(a, b, n) ((uint32_t)((a) + (b)) << (n) | (uint32_t)((a) + (b)) >> (32 - (n)))
#define QUARTER(a, b, c, d)                                                                        \
    x[b] ^= TURN(x[a], x[d], 7), x[c] ^= TURN(x[b], x[a], 9), x[d] ^= TURN(x[c], x[b], 13),        \
        x[a] ^= TURN(x[d], x[c], 18)
    for (int i = 0; i < 4; i++) {
        QUARTER(0, 4, 8, 12), QUARTER(5, 9, 13, 1), QUARTER(10, 14, 2, 6), QUARTER(15, 3, 7, 11);
        QUARTER(0, 1, 2, 3), QUARTER(5, 6, 7, 4), QUARTER(10, 11, 8, 9), QUARTER(15, 12, 13, 14);
    }
    for (int i = 0; i < 16; i++)
        b[i] += x[i];
}

// RFC 7914, 4: scryptBlockMix of 2r blocks of 16 words, from `b` to `to`.
static void block_mix(const uint32_t *b, uint32_t *to, size_t r) {
    uint32_t x[16];
    memcpy(x, b + (2 * r - 1) * 16, sizeof x);
    for (size_t i = 0; i < 2 * r; i++) {
        for (int j = 0; j < 16; j++)
            x[j] ^= b[i * 16 + j];
        salsa20_8(x);
        memcpy(to + (i / 2 + (i % 2 ? r : 0)) * 16, x, sizeof x);
    }
}

// RFC 7914, 5: scryptROMix. v: n blocks of 32r words, x and y: one each. -1: a signal's exception.
static int rom_mix(uint32_t *x, uint32_t *y, uint32_t *v, size_t n, size_t r) {
    size_t words = 32 * r;
    for (size_t i = 0; i < n; i++) {
        memcpy(v + i * words, x, words * 4);
        block_mix(x, y, r);
        memcpy(x, y, words * 4);
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t *chosen = v + (x[(2 * r - 1) * 16] & (n - 1)) * words;
        for (size_t j = 0; j < words; j++)
            x[j] ^= chosen[j];
        block_mix(x, y, r);
        memcpy(x, y, words * 4);
        if (i % 1024 == 0 && PyErr_CheckSignals())
            return -1;
    }
    return 0;
}

struct cost {
    size_t n, r, p;
};

// wasm32 is little endian, as RFC 7914 wants its words.
static int scrypt(const Py_buffer *password, const Py_buffer *salt, struct cost cost, uint8_t *to,
                  size_t size) {
    size_t words = 32 * cost.r;
    uint32_t *blocks = PyMem_RawMalloc(cost.p * words * 4);
    uint32_t *v = PyMem_RawMalloc((cost.n + 1) * words * 4);
    const struct hash *sha256 = hash_named("sha256");
    int error = -1;
    if (!blocks || !v)
        PyErr_NoMemory();
    else
        error = pbkdf2(sha256, password->buf, (size_t)password->len, salt->buf, (size_t)salt->len,
                       1, (uint8_t *)blocks, cost.p * words * 4);
    for (size_t i = 0; i < cost.p && !error; i++)
        error = rom_mix(blocks + i * words, v + cost.n * words, v, cost.n, cost.r);
    if (!error)
        error = pbkdf2(sha256, password->buf, (size_t)password->len, (uint8_t *)blocks,
                       cost.p * words * 4, 1, to, size);
    PyMem_RawFree(blocks);
    PyMem_RawFree(v);
    return error;
}

static const char *wrong_cost(long long n, long long r, long long p, long long most,
                              long long length) {
    if (n < 2 || n & (n - 1))
        return "n must be a power of 2";
    if (r < 1 || p < 1 || r > (1 << 30) / p)
        return "r and p must be positive, and r * p below 2**30";
    if (most < 0 || most > INT_MAX)
        return "maxmem must be positive and smaller than 2147483647";
    if (length < 1 || length > INT_MAX)
        return "dklen must be greater than 0 and smaller than 2147483647";
    // As OpenSSL counts, with its 32 MiB where maxmem is 0.
    long long limit = most ? most : 32 << 20;
    if (n > limit / 128 / r || (n + p + 2) * 128 * r > limit)
        return "memory limit exceeded";
    return NULL;
}

static PyObject *kdf_scrypt(PyObject *module, PyObject *arguments, PyObject *named) {
    static char *names[] = {"password", "salt", "n", "r", "p", "maxmem", "dklen", NULL};
    Py_buffer password, salt = {0};
    long long n = 0, r = 0, p = 0, most = 0, length = 64;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "y*|$y*LLLLL:scrypt", names, &password,
                                     &salt, &n, &r, &p, &most, &length))
        return NULL;
    PyObject *result = NULL;
    const char *wrong = wrong_cost(n, r, p, most, length);
    if (!salt.obj)
        PyErr_SetString(PyExc_TypeError, "salt is required");
    else if (wrong)
        PyErr_SetString(PyExc_ValueError, wrong);
    else
        result = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
    struct cost cost = {(size_t)n, (size_t)r, (size_t)p};
    if (result &&
        scrypt(&password, &salt, cost, (uint8_t *)PyBytes_AS_STRING(result), (size_t)length) < 0)
        Py_CLEAR(result);
    PyBuffer_Release(&password);
    PyBuffer_Release(&salt);
    return result;
}

static PyMethodDef methods[] = {
    {"pbkdf2_hmac", (PyCFunction)(void (*)(void))kdf_pbkdf2_hmac, METH_VARARGS | METH_KEYWORDS,
     "pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None)\n--\n\n"
     "Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function."},
    {"scrypt", (PyCFunction)(void (*)(void))kdf_scrypt, METH_VARARGS | METH_KEYWORDS,
     "scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64)\n--\n\n"
     "scrypt password-based key derivation function."},
    {0}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_boxer_kdf", .m_size = 0,
                                        .m_methods = methods};

static PyObject *begin(void) {
    return PyModuleDef_Init(&definition);
}

void kdf_begin(void) {
    PyImport_AppendInittab("_boxer_kdf", begin);
}
