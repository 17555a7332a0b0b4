// WASI preview 1 but for files.
//
// Belongs here: what each function answers. Does not: mounted folders (`files.c`), streams
// (`streams.c`), waiting (`polling.c`), limits (`watch.c`). src/boxer/runtime/preview1.py answers
// the same, and tests compare the two.
//
// Invariants
// 1. Deny by default: there are descriptors 0, 1 and 2, and those of a network that the run was
//    granted (net.h), or that asks the host (asking.h); every path is EBADF where no folder is
//    mounted.
// 2. Each address is checked against the memory's size of that moment before it is used.
#define _GNU_SOURCE
#include "preview1.h"
#include "asking.h"
#include "files.h"
#include "net.h"
#include "polling.h"
#include "wasi.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

// A function's answer that ends the run; the outcome is set.
enum { OVER = STREAM_OVER };
// IOV_MAX of Linux, and as many subscriptions: how long a call takes must not be the guest's.
enum { MOST_VECTORS = 1024, MOST_SUBSCRIPTIONS = 1024, RANDOM_BLOCK = 256, MOST_MOVED = 1 << 20 };

#define ARGUMENTS struct boxer_machine *machine, const wasmtime_val_raw_t *v
#define U32(n) ((uint32_t)v[n].i32)

void *guest_at(struct boxer_machine *machine, uint32_t address, uint64_t size) {
    uint64_t all = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    return size > all || address > all - size ? NULL : machine->base + address;
}

static int put(struct boxer_machine *machine, uint32_t address, const void *value, size_t size) {
    void *place = guest_at(machine, address, size);
    if (!place)
        return WASI_FAULT;
    memcpy(place, value, size);
    return WASI_SUCCESS;
}

static int put_u32(struct boxer_machine *machine, uint32_t address, uint64_t value) {
    uint32_t small = (uint32_t)value;
    return put(machine, address, &small, sizeof small);
}

static int sizes(ARGUMENTS, uint32_t count, uint32_t size) {
    int error = put_u32(machine, U32(0), count);
    return error ? error : put_u32(machine, U32(1), size);
}

static int strings(ARGUMENTS, const char *list, uint32_t count, uint32_t size) {
    uint32_t pointers = U32(0), buffer = U32(1);
    int error = put(machine, buffer, list, size);
    for (uint32_t i = 0, at = 0; i < count && !error; i++) {
        error = put_u32(machine, pointers + 4 * i, buffer + at);
        at += (uint32_t)strlen(list + at) + 1;
    }
    return error;
}

static int args_sizes_get(ARGUMENTS) {
    return sizes(machine, v, machine->run->argument_count, machine->run->argument_size);
}

static int args_get(ARGUMENTS) {
    const struct boxer_run *run = machine->run;
    return strings(machine, v, run->arguments, run->argument_count, run->argument_size);
}

static int environ_sizes_get(ARGUMENTS) {
    return sizes(machine, v, machine->run->environment_count, machine->run->environment_size);
}

static int environ_get(ARGUMENTS) {
    const struct boxer_run *run = machine->run;
    return strings(machine, v, run->environment, run->environment_count, run->environment_size);
}

static int clock_res_get(ARGUMENTS) {
    if (U32(0) > WASI_CLOCK_LAST)
        return WASI_INVAL;
    return put(machine, U32(1), &(uint64_t){1}, 8);
}

static int clock_time_get(ARGUMENTS) {
    if (U32(0) > WASI_CLOCK_LAST)
        return WASI_INVAL;
    uint64_t time = guest_clock(machine, U32(0));
    return put(machine, U32(2), &time, 8);
}

// The n-th 64 bits of a build (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014: SplitMix64). src/boxer/runtime/sources.py has the same.
static uint64_t fixed_bits(uint64_t n) {
    uint64_t z = (n + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void draw_fixed(struct boxer_machine *machine, uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i < size; i++, machine->drawn++)
        bytes[i] = (uint8_t)(fixed_bits(machine->drawn / 8) >> (machine->drawn % 8 * 8));
}

static int random_get(ARGUMENTS) {
    uint32_t size = U32(1);
    uint8_t *bytes = guest_at(machine, U32(0), size);
    if (!bytes)
        return WASI_FAULT;
    for (uint32_t done = 0; done < size;) {
        if (done && done % (RANDOM_BLOCK << 10) == 0 && watch_check(machine))
            return OVER;
        uint32_t block = size - done < RANDOM_BLOCK ? size - done : RANDOM_BLOCK;
        tracking_touch(bytes + done, block);
        if (machine->run->fixed) {
            draw_fixed(machine, bytes + done, block);
            done += block;
            continue;
        }
        ssize_t got = getrandom(bytes + done, block, 0);
        if (got < 0 && errno != EINTR)
            return WASI_IO;
        done += got > 0 ? (uint32_t)got : 0;
    }
    return WASI_SUCCESS;
}

static int sched_yield_(ARGUMENTS) {
    (void)v;
    return watch_check(machine) ? OVER : WASI_SUCCESS;
}

static int proc_exit(ARGUMENTS) {
    machine->outcome->kind = BOXER_EXITED;
    machine->outcome->status = U32(0);
    if (machine->leave)
        machine->leave(machine);
    return OVER;
}

// The guest's buffers; what lies beyond MOST_MOVED is left out. 0 or an error. writes: the host is
// to write there.
static int pieces_of(struct boxer_machine *machine, uint32_t address, uint32_t count, int writes,
                     struct net_pieces *pieces) {
    if (count > MOST_VECTORS)
        return WASI_INVAL;
    const struct wasi_vector *vectors = guest_at(machine, address, sizeof *vectors * count);
    if (!vectors)
        return WASI_FAULT;
    uint64_t left = MOST_MOVED;
    pieces->count = 0;
    for (uint32_t i = 0; i < count && left; i++) {
        struct wasi_vector vector = vectors[i];
        uint8_t *bytes = guest_at(machine, vector.address, vector.size);
        if (!bytes)
            return WASI_FAULT;
        uint64_t size = vector.size < left ? vector.size : left;
        if (writes && machine->tracking.armed)
            tracking_touch(bytes, size);
        pieces->list[pieces->count++] = (struct iovec){bytes, size};
        left -= size;
    }
    return WASI_SUCCESS;
}

static int sock_accept(ARGUMENTS) {
    uint32_t accepted;
    if (!guest_at(machine, U32(2), 4))
        return WASI_FAULT;
    int error = net_accept(machine, U32(0), &accepted);
    return error ? error : put_u32(machine, U32(2), accepted);
}

static int sock_recv(ARGUMENTS) {
    struct net_pieces pieces;
    uint64_t moved = 0;
    int truncated = 0;
    if (asking_has(machine, U32(0)))
        return asking_receive(machine, v);
    if (!net_has(machine, U32(0)))
        return WASI_BADF;
    int error = pieces_of(machine, U32(1), U32(2), 1, &pieces);
    if (!error)
        error = net_receive(machine, U32(0), &pieces, U32(3) & WASI_RECV_PEEK, &moved, &truncated);
    uint16_t flags = truncated ? WASI_RECV_TRUNCATED : 0;
    if (!error)
        error = put(machine, U32(5), &flags, sizeof flags);
    return error ? error : put_u32(machine, U32(4), moved);
}

static int sock_send(ARGUMENTS) {
    struct net_pieces pieces;
    uint64_t moved = 0;
    if (asking_has(machine, U32(0)))
        return asking_send(machine, v);
    if (!net_has(machine, U32(0)))
        return WASI_BADF;
    int error = pieces_of(machine, U32(1), U32(2), 0, &pieces);
    if (!error)
        error = net_send(machine, U32(0), &pieces, &moved);
    return error ? error : put_u32(machine, U32(4), moved);
}

static int sock_shutdown(ARGUMENTS) {
    return net_shutdown(machine, U32(0), U32(1));
}

static int fd_close(ARGUMENTS) {
    return U32(0) <= 2 ? WASI_SUCCESS : net_close(machine, U32(0));
}

// The control descriptor's events, or what a stream has.
static int read_events(ARGUMENTS) {
    struct net_pieces pieces;
    uint64_t moved = 0;
    struct net_socket *socket = net_socket(machine->net, U32(0));
    if (socket && socket->kind != NET_FILE)
        return WASI_BADF;
    int error = pieces_of(machine, U32(1), U32(2), 1, &pieces);
    if (!error)
        error = socket ? order_stream_read(socket, &pieces, &moved)
                       : net_events(machine, &pieces, &moved);
    return error ? error : put_u32(machine, U32(3), moved);
}

static int write_stream(ARGUMENTS, struct net_socket *stream) {
    struct net_pieces pieces;
    uint64_t moved = 0;
    int error = pieces_of(machine, U32(1), U32(2), 0, &pieces);
    if (!error)
        error = order_stream_write(stream, &pieces, &moved);
    return error ? error : put_u32(machine, U32(3), moved);
}

static int fd_write(ARGUMENTS) {
    uint32_t number = U32(0), count = U32(2);
    struct net_socket *stream = net_socket(machine->net, number);
    if (stream && stream->kind == NET_FILE)
        return write_stream(machine, v, stream);
    if (number != 1 && number != 2)
        return WASI_BADF;
    if (count > MOST_VECTORS)
        return WASI_INVAL;
    const struct wasi_vector *vectors = guest_at(machine, U32(1), sizeof *vectors * count);
    if (!vectors)
        return WASI_FAULT;
    uint64_t written = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct wasi_vector vector = vectors[i];
        const uint8_t *bytes = guest_at(machine, vector.address, vector.size);
        if (!bytes)
            return WASI_FAULT;
        uint64_t moved = 0;
        int error = vector.size ? stream_write(machine, (int)number, bytes, vector.size, &moved)
                                : WASI_SUCCESS;
        written += moved;
        if (error && !(error == WASI_INTR && written))
            return error;
        if (moved < vector.size)
            break;
    }
    return put_u32(machine, U32(3), written);
}

static int fd_read(ARGUMENTS) {
    uint32_t count = U32(2);
    if (U32(0) != 0)
        return net_has(machine, U32(0)) ? read_events(machine, v) : WASI_BADF;
    if (count > MOST_VECTORS)
        return WASI_INVAL;
    const struct wasi_vector *vectors = guest_at(machine, U32(1), sizeof *vectors * count);
    if (!vectors)
        return WASI_FAULT;
    uint64_t moved = 0;
    // One buffer is enough: a second read might block though the first had something to give.
    for (uint32_t i = 0; i < count; i++) {
        struct wasi_vector vector = vectors[i];
        uint8_t *bytes = guest_at(machine, vector.address, vector.size);
        if (!bytes)
            return WASI_FAULT;
        int error = vector.size ? stream_read(machine, bytes, vector.size, &moved) : WASI_SUCCESS;
        if (error)
            return error;
        if (vector.size)
            break;
    }
    return put_u32(machine, U32(3), moved);
}

static int standard(ARGUMENTS) {
    (void)machine;
    return U32(0) <= 2 ? WASI_SUCCESS : WASI_BADF;
}

static int not_seekable(ARGUMENTS) {
    int error = standard(machine, v);
    return error ? error : WASI_SPIPE;
}

static int fd_fdstat_get(ARGUMENTS) {
    uint32_t number = U32(0);
    if (net_has(machine, number)) {
        struct wasi_fdstat socket = {
            .filetype = net_filetype(machine, number),
            .rights = WASI_RIGHT_POLL | WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE,
        };
        return put(machine, U32(1), &socket, sizeof socket);
    }
    if (standard(machine, v))
        return WASI_BADF;
    struct wasi_fdstat status = {
        .filetype = (uint8_t)stream_filetype(machine, (int)number),
        .rights = WASI_RIGHT_POLL | (number == 0 ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE),
    };
    return put(machine, U32(1), &status, sizeof status);
}

static int fd_filestat_get(ARGUMENTS) {
    if (standard(machine, v))
        return WASI_BADF;
    struct wasi_filestat status = {
        .filetype = (uint8_t)stream_filetype(machine, (int)U32(0)),
        .links = 1,
    };
    return put(machine, U32(1), &status, sizeof status);
}

static int poll_oneoff(ARGUMENTS) {
    uint32_t count = U32(2);
    if (count == 0 || count > MOST_SUBSCRIPTIONS)
        return WASI_INVAL;
    struct wasi_subscription *asked = guest_at(machine, U32(0), sizeof *asked * count);
    struct wasi_event *happened = guest_at(machine, U32(1), sizeof *happened * count);
    if (!asked || !happened)
        return WASI_FAULT;
    int events = guest_poll(machine, asked, happened, count);
    if (events == STREAM_INTERRUPTED)
        return WASI_INTR;
    return events < 0 ? OVER : put_u32(machine, U32(3), (uint64_t)events);
}

// The answer of every function that is about files where there are none.
static int denied(ARGUMENTS) {
    (void)machine, (void)v;
    return WASI_BADF;
}

const struct function preview1_functions[PREVIEW1_FUNCTIONS] = {
    {"args_get", "ii", args_get},
    {"args_sizes_get", "ii", args_sizes_get},
    {"clock_res_get", "ii", clock_res_get},
    {"clock_time_get", "iIi", clock_time_get},
    {"environ_get", "ii", environ_get},
    {"environ_sizes_get", "ii", environ_sizes_get},
    {"fd_advise", "iIIi", denied},
    {"fd_allocate", "iII", denied},
    {"fd_close", "i", fd_close},
    {"fd_datasync", "i", standard},
    {"fd_fdstat_get", "ii", fd_fdstat_get},
    {"fd_fdstat_set_flags", "ii", standard},
    {"fd_fdstat_set_rights", "iII", denied},
    {"fd_filestat_get", "ii", fd_filestat_get},
    {"fd_filestat_set_size", "iI", denied},
    {"fd_filestat_set_times", "iIIi", denied},
    {"fd_pread", "iiiIi", denied},
    {"fd_prestat_dir_name", "iii", denied},
    {"fd_prestat_get", "ii", denied},
    {"fd_pwrite", "iiiIi", denied},
    {"fd_read", "iiii", fd_read},
    {"fd_readdir", "iiiIi", denied},
    {"fd_renumber", "ii", denied},
    {"fd_seek", "iIii", not_seekable},
    {"fd_sync", "i", standard},
    {"fd_tell", "ii", not_seekable},
    {"fd_write", "iiii", fd_write},
    {"path_create_directory", "iii", denied},
    {"path_filestat_get", "iiiii", denied},
    {"path_filestat_set_times", "iiiiIIi", denied},
    {"path_link", "iiiiiii", denied},
    {"path_open", "iiiiiIIii", denied},
    {"path_readlink", "iiiiii", denied},
    {"path_remove_directory", "iii", denied},
    {"path_rename", "iiiiii", denied},
    {"path_symlink", "iiiii", denied},
    {"path_unlink_file", "iii", denied},
    {"poll_oneoff", "iiii", poll_oneoff},
    {"proc_exit", "i", proc_exit},
    {"proc_raise", "i", denied},
    {"random_get", "ii", random_get},
    {"sched_yield", "", sched_yield_},
    {"sock_accept", "iii", sock_accept},
    {"sock_recv", "iiiiii", sock_recv},
    {"sock_send", "iiiii", sock_send},
    {"sock_shutdown", "ii", sock_shutdown},
};

static wasm_trap_t *answer(void *environment, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t count) {
    (void)count;
    const struct function *function = environment;
    wasmtime_context_t *context = wasmtime.wasmtime_caller_context(caller);
    struct boxer_machine *machine = wasmtime.wasmtime_context_get_data(context);
    size_t number = (size_t)(function - preview1_functions);
    int result = files_take(machine, number, values) ? files_answer(machine, number, values)
                                                     : function->answer(machine, values);
    if (result != OVER && machine->watched.asked) {
        machine->watched.asked = 0;
        result = watch_check(machine) ? OVER : result;
    }
    if (result == OVER)
        return wasmtime.wasmtime_trap_new("ended by the host", 17);
    values[0].i32 = result;
    return NULL;
}

static wasm_functype_t *type_of(const struct function *function) {
    wasm_valtype_vec_t parameters, results;
    size_t count = strlen(function->parameters);
    wasmtime.wasm_valtype_vec_new_uninitialized(&parameters, count);
    for (size_t i = 0; i < count; i++)
        parameters.data[i] =
            wasmtime.wasm_valtype_new(function->parameters[i] == 'I' ? WASM_I64 : WASM_I32);
    wasmtime.wasm_valtype_vec_new_uninitialized(&results, function->answer == proc_exit ? 0 : 1);
    if (results.size)
        results.data[0] = wasmtime.wasm_valtype_new(WASM_I32);
    return wasmtime.wasm_functype_new(&parameters, &results);
}

wasmtime_error_t *preview1_define(wasmtime_linker_t *linker) {
    static const char host[] = PREVIEW1_MODULE;
    wasmtime_error_t *error = NULL;
    for (size_t i = 0; i < PREVIEW1_FUNCTIONS && !error; i++) {
        const struct function *function = &preview1_functions[i];
        wasm_functype_t *type = type_of(function);
        error = wasmtime.wasmtime_linker_define_func_unchecked(
            linker, host, strlen(host), function->name, strlen(function->name), type, answer,
            (void *)function, NULL);
        wasmtime.wasm_functype_delete(type);
    }
    return error;
}
