// What is used of wasmtime's C API, loaded at run time from the library of the `wasmtime` package.
//
// Belongs here: declarations and the table of functions. Does not: what is done with them.
// Source: wasmtime's C API, version 50 (wasmtime.h and its parts). The package ships no headers.
#ifndef BOXER_NATIVE_WASMTIME_H
#define BOXER_NATIVE_WASMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasm_valtype_t wasm_valtype_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct wasmtime_module wasmtime_module_t;
typedef struct wasmtime_linker wasmtime_linker_t;
typedef struct wasmtime_instance_pre wasmtime_instance_pre_t;
typedef struct wasmtime_store wasmtime_store_t;
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_caller wasmtime_caller_t;
typedef struct wasi_config_t wasi_config_t;

typedef struct {
    size_t size;
    char *data;
} wasm_byte_vec_t;

typedef struct {
    size_t size;
    wasm_valtype_t **data;
} wasm_valtype_vec_t;

typedef union {
    int32_t i32;
    int64_t i64;
    void *funcref;
    uint8_t v128[16];
} wasmtime_val_raw_t;

typedef struct {
    uint64_t store_id;
    void *private;
} wasmtime_func_t;

typedef struct {
    uint64_t store_id;
    uint32_t private[3];
} wasmtime_global_t;

typedef struct {
    struct {
        uint64_t store_id;
        uint32_t private;
    } part;
    uint32_t private;
} wasmtime_memory_t;

typedef wasmtime_memory_t wasmtime_table_t;

typedef struct {
    uint64_t store_id;
    size_t private;
} wasmtime_instance_t;

enum wasmtime_kind {
    WASMTIME_EXTERN_FUNC = 0,
    WASMTIME_EXTERN_GLOBAL = 1,
    WASMTIME_EXTERN_TABLE = 2,
    WASMTIME_EXTERN_MEMORY = 3
};
enum { WASM_I32 = 0, WASM_I64 = 1, WASMTIME_FUNCREF = 5 };

typedef struct {
    uint8_t kind;
    union {
        wasmtime_func_t func;
        wasmtime_global_t global;
        wasmtime_memory_t memory;
        wasmtime_table_t table;
        uint64_t room[3];
    } of;
} wasmtime_extern_t;

typedef struct {
    uint8_t kind;
    union {
        int32_t i32;
        int64_t i64;
        wasmtime_func_t funcref;
        uint64_t room[3];
    } of;
} wasmtime_val_t;

typedef wasm_trap_t *(*wasmtime_callback)(void *, wasmtime_caller_t *, wasmtime_val_raw_t *,
                                          size_t);

// X(result, name, parameters)
#define WASMTIME_FUNCTIONS(X)                                                                      \
    X(wasm_config_t *, wasm_config_new, (void))                                                    \
    X(void, wasmtime_config_max_wasm_stack_set, (wasm_config_t *, size_t))                         \
    X(void, wasmtime_config_async_stack_size_set, (wasm_config_t *, uint64_t))                     \
    X(void, wasmtime_config_memory_reservation_set, (wasm_config_t *, uint64_t))                   \
    X(void, wasmtime_config_memory_may_move_set, (wasm_config_t *, bool))                          \
    X(void, wasmtime_config_wasm_branch_hinting_set, (wasm_config_t *, bool))                      \
    X(void, wasmtime_config_wasm_component_model_set, (wasm_config_t *, bool))                     \
    X(void, wasmtime_config_wasm_custom_page_sizes_set, (wasm_config_t *, bool))                   \
    X(void, wasmtime_config_wasm_function_references_set, (wasm_config_t *, bool))                 \
    X(void, wasmtime_config_wasm_gc_set, (wasm_config_t *, bool))                                  \
    X(void, wasmtime_config_wasm_memory64_set, (wasm_config_t *, bool))                            \
    X(void, wasmtime_config_wasm_multi_memory_set, (wasm_config_t *, bool))                        \
    X(void, wasmtime_config_wasm_relaxed_simd_set, (wasm_config_t *, bool))                        \
    X(void, wasmtime_config_wasm_stack_switching_set, (wasm_config_t *, bool))                     \
    X(void, wasmtime_config_wasm_threads_set, (wasm_config_t *, bool))                             \
    X(void, wasmtime_config_wasm_wide_arithmetic_set, (wasm_config_t *, bool))                     \
    X(wasm_engine_t *, wasm_engine_new_with_config, (wasm_config_t *))                             \
    X(wasmtime_error_t *, wasmtime_module_new,                                                     \
      (wasm_engine_t *, const uint8_t *, size_t, wasmtime_module_t **))                            \
    X(void, wasmtime_module_delete, (wasmtime_module_t *))                                         \
    X(void, wasmtime_module_image_range, (const wasmtime_module_t *, void **, void **))            \
    X(void, wasmtime_func_new_unchecked,                                                           \
      (wasmtime_context_t *, const wasm_functype_t *, wasmtime_callback, void *, void (*)(void *), \
       wasmtime_func_t *))                                                                         \
    X(wasmtime_error_t *, wasmtime_instance_new,                                                   \
      (wasmtime_context_t *, const wasmtime_module_t *, const wasmtime_extern_t *, size_t,         \
       wasmtime_instance_t *, wasm_trap_t **))                                                     \
    X(wasmtime_error_t *, wasmtime_module_deserialize_file,                                        \
      (wasm_engine_t *, const char *, wasmtime_module_t **))                                       \
    X(wasmtime_linker_t *, wasmtime_linker_new, (wasm_engine_t *))                                 \
    X(wasmtime_error_t *, wasmtime_linker_define_func_unchecked,                                   \
      (wasmtime_linker_t *, const char *, size_t, const char *, size_t, const wasm_functype_t *,   \
       wasmtime_callback, void *, void (*)(void *)))                                               \
    X(wasmtime_error_t *, wasmtime_linker_define_wasi, (wasmtime_linker_t *))                      \
    X(wasi_config_t *, wasi_config_new, (void))                                                    \
    X(void, wasi_config_delete, (wasi_config_t *))                                                 \
    X(bool, wasi_config_preopen_dir, (wasi_config_t *, const char *, const char *, bool))          \
    X(wasmtime_error_t *, wasmtime_context_set_wasi, (wasmtime_context_t *, wasi_config_t *))      \
    X(wasmtime_error_t *, wasmtime_wat2wasm, (const char *, size_t, wasm_byte_vec_t *))            \
    X(bool, wasmtime_linker_get,                                                                   \
      (const wasmtime_linker_t *, wasmtime_context_t *, const char *, size_t, const char *,        \
       size_t, wasmtime_extern_t *))                                                               \
    X(wasmtime_error_t *, wasmtime_linker_instantiate_pre,                                         \
      (const wasmtime_linker_t *, const wasmtime_module_t *, wasmtime_instance_pre_t **))          \
    X(void, wasmtime_instance_pre_delete, (wasmtime_instance_pre_t *))                             \
    X(wasmtime_error_t *, wasmtime_instance_pre_instantiate,                                       \
      (const wasmtime_instance_pre_t *, wasmtime_context_t *, wasmtime_instance_t *,               \
       wasm_trap_t **))                                                                            \
    X(bool, wasmtime_instance_export_get,                                                          \
      (wasmtime_context_t *, const wasmtime_instance_t *, const char *, size_t,                    \
       wasmtime_extern_t *))                                                                       \
    X(wasmtime_store_t *, wasmtime_store_new, (wasm_engine_t *, void *, void (*)(void *)))         \
    X(wasmtime_context_t *, wasmtime_store_context, (wasmtime_store_t *))                          \
    X(void, wasmtime_store_delete, (wasmtime_store_t *))                                           \
    X(void, wasmtime_store_limiter,                                                                \
      (wasmtime_store_t *, int64_t, int64_t, int64_t, int64_t, int64_t))                           \
    X(void *, wasmtime_context_get_data, (const wasmtime_context_t *))                             \
    X(wasmtime_context_t *, wasmtime_caller_context, (wasmtime_caller_t *))                        \
    X(wasmtime_error_t *, wasmtime_func_call_unchecked,                                            \
      (wasmtime_context_t *, const wasmtime_func_t *, wasmtime_val_raw_t *, size_t,                \
       wasm_trap_t **))                                                                            \
    X(wasm_functype_t *, wasmtime_func_type,                                                       \
      (const wasmtime_context_t *, const wasmtime_func_t *))                                       \
    X(wasm_functype_t *, wasm_functype_new, (wasm_valtype_vec_t *, wasm_valtype_vec_t *))          \
    X(const wasm_valtype_vec_t *, wasm_functype_params, (const wasm_functype_t *))                 \
    X(const wasm_valtype_vec_t *, wasm_functype_results, (const wasm_functype_t *))                \
    X(void, wasm_functype_delete, (wasm_functype_t *))                                             \
    X(wasm_valtype_t *, wasm_valtype_new, (uint8_t))                                               \
    X(uint8_t, wasm_valtype_kind, (const wasm_valtype_t *))                                        \
    X(void, wasm_valtype_vec_new_uninitialized, (wasm_valtype_vec_t *, size_t))                    \
    X(uint8_t *, wasmtime_memory_data, (const wasmtime_context_t *, const wasmtime_memory_t *))    \
    X(size_t, wasmtime_memory_data_size, (const wasmtime_context_t *, const wasmtime_memory_t *))  \
    X(wasmtime_error_t *, wasmtime_memory_grow,                                                    \
      (wasmtime_context_t *, const wasmtime_memory_t *, uint64_t, uint64_t *))                     \
    X(void, wasmtime_global_get,                                                                   \
      (wasmtime_context_t *, const wasmtime_global_t *, wasmtime_val_t *))                         \
    X(wasmtime_error_t *, wasmtime_global_set,                                                     \
      (wasmtime_context_t *, const wasmtime_global_t *, const wasmtime_val_t *))                   \
    X(uint64_t, wasmtime_table_size, (const wasmtime_context_t *, const wasmtime_table_t *))       \
    X(wasmtime_error_t *, wasmtime_table_set,                                                      \
      (wasmtime_context_t *, const wasmtime_table_t *, uint64_t, const wasmtime_val_t *))          \
    X(wasm_trap_t *, wasmtime_trap_new, (const char *, size_t))                                    \
    X(bool, wasmtime_trap_code, (const wasm_trap_t *, uint8_t *))                                  \
    X(void, wasm_trap_message, (const wasm_trap_t *, wasm_byte_vec_t *))                           \
    X(void, wasm_trap_delete, (wasm_trap_t *))                                                     \
    X(wasmtime_error_t *, wasmtime_error_new, (const char *))                                      \
    X(void, wasmtime_error_message, (const wasmtime_error_t *, wasm_byte_vec_t *))                 \
    X(void, wasmtime_error_delete, (wasmtime_error_t *))                                           \
    X(void, wasm_byte_vec_delete, (wasm_byte_vec_t *))

#define WASMTIME_FIELD(result, name, parameters) result(*name) parameters;
extern struct wasmtime {
    WASMTIME_FUNCTIONS(WASMTIME_FIELD)
} wasmtime;

// Loads the library; again and again is fine. Null, or what is wrong.
const char *wasmtime_load(const char *library);

#endif
