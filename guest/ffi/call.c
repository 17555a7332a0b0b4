// The calls themselves: each type of function by code of its own.
//
// There are: any types up to three parameters; four and five of i32 and f64; up to twelve of i32.
#include "shape.h"

typedef int32_t type_I;
typedef int64_t type_L;
typedef float type_F;
typedef double type_D;

// The parameters' kinds as digits, the first the lowest.
static unsigned digits(const struct shape *shape) {
    unsigned number = 0;
    for (unsigned i = shape->count; i-- > 0;)
        number = number * 5 + shape->kinds[i];
    return number;
}

static int all(const struct shape *shape, enum kind one, enum kind other) {
    for (unsigned i = 0; i < shape->count; i++)
        if (shape->kinds[i] != one && shape->kinds[i] != other)
            return 0;
    return 1;
}

int ffi_shape_served(const struct shape *shape) {
    return shape->count <= 3 || (shape->count <= 5 && all(shape, KIND_I, KIND_D)) ||
           all(shape, KIND_I, KIND_I);
}

#define DIGIT_I 1
#define DIGIT_L 2
#define DIGIT_F 3
#define DIGIT_D 4
#define VALUE_I(n) v[n].i
#define VALUE_L(n) v[n].l
#define VALUE_F(n) v[n].f
#define VALUE_D(n) v[n].d

#define CASE1(a)                                                                                   \
    case DIGIT_##a:                                                                                \
        return CALL((type_##a), (VALUE_##a(0)));
#define CASE2(a, b)                                                                                \
    case DIGIT_##a + 5 * DIGIT_##b:                                                                \
        return CALL((type_##a, type_##b), (VALUE_##a(0), VALUE_##b(1)));
#define CASE3(a, b, c)                                                                             \
    case DIGIT_##a + 5 * DIGIT_##b + 25 * DIGIT_##c:                                               \
        return CALL((type_##a, type_##b, type_##c), (VALUE_##a(0), VALUE_##b(1), VALUE_##c(2)));
#define CASE4(a, b, c, d)                                                                          \
    case DIGIT_##a + 5 * DIGIT_##b + 25 * DIGIT_##c + 125 * DIGIT_##d:                             \
        return CALL((type_##a, type_##b, type_##c, type_##d),                                      \
                    (VALUE_##a(0), VALUE_##b(1), VALUE_##c(2), VALUE_##d(3)));
#define CASE5(a, b, c, d, e)                                                                       \
    case DIGIT_##a + 5 * DIGIT_##b + 25 * DIGIT_##c + 125 * DIGIT_##d + 625 * DIGIT_##e:           \
        return CALL((type_##a, type_##b, type_##c, type_##d, type_##e),                            \
                    (VALUE_##a(0), VALUE_##b(1), VALUE_##c(2), VALUE_##d(3), VALUE_##e(4)));

#define FOUR1 CASE1(I) CASE1(L) CASE1(F) CASE1(D)
#define FOUR2(a) CASE2(a, I) CASE2(a, L) CASE2(a, F) CASE2(a, D)
#define FOUR3(a, b) CASE3(a, b, I) CASE3(a, b, L) CASE3(a, b, F) CASE3(a, b, D)
#define SIXTEEN3(a) FOUR3(a, I) FOUR3(a, L) FOUR3(a, F) FOUR3(a, D)
#define TWO4(a, b, c) CASE4(a, b, c, I) CASE4(a, b, c, D)
#define EIGHT4(a) TWO4(a, I, I) TWO4(a, I, D) TWO4(a, D, I) TWO4(a, D, D)
#define TWO5(a, b, c, d) CASE5(a, b, c, d, I) CASE5(a, b, c, d, D)
#define EIGHT5(a, b) TWO5(a, b, I, I) TWO5(a, b, I, D) TWO5(a, b, D, I) TWO5(a, b, D, D)

#define I5 int32_t, int32_t, int32_t, int32_t, int32_t
#define V5 v[0].i, v[1].i, v[2].i, v[3].i, v[4].i
#define I10 I5, I5
#define V10 V5, v[5].i, v[6].i, v[7].i, v[8].i, v[9].i

#define CALLS(name, result)                                                                        \
    static result name(void (*function)(void), const struct shape *shape, const union value *v) {  \
        switch (shape->count) {                                                                    \
        case 0:                                                                                    \
            return CALL((void), ());                                                               \
        case 6:                                                                                    \
            return CALL((I5, int32_t), (V5, v[5].i));                                              \
        case 7:                                                                                    \
            return CALL((I5, int32_t, int32_t), (V5, v[5].i, v[6].i));                             \
        case 8:                                                                                    \
            return CALL((I5, int32_t, int32_t, int32_t), (V5, v[5].i, v[6].i, v[7].i));            \
        case 9:                                                                                    \
            return CALL((I5, int32_t, int32_t, int32_t, int32_t),                                  \
                        (V5, v[5].i, v[6].i, v[7].i, v[8].i));                                     \
        case 10:                                                                                   \
            return CALL((I10), (V10));                                                             \
        case 11:                                                                                   \
            return CALL((I10, int32_t), (V10, v[10].i));                                           \
        case 12:                                                                                   \
            return CALL((I10, int32_t, int32_t), (V10, v[10].i, v[11].i));                         \
        }                                                                                          \
        switch (digits(shape)) {                                                                   \
            FOUR1 FOUR2(I) FOUR2(L) FOUR2(F) FOUR2(D) SIXTEEN3(I) SIXTEEN3(L) SIXTEEN3(F)          \
                SIXTEEN3(D) EIGHT4(I) EIGHT4(D) EIGHT5(I, I) EIGHT5(I, D) EIGHT5(D, I)             \
                    EIGHT5(D, D)                                                                   \
        }                                                                                          \
        __builtin_trap();                                                                          \
    }

#define CALL(types, arguments) ((void(*) types)function) arguments
CALLS(call_none, void)
#undef CALL
#define CALL(types, arguments) ((int32_t(*) types)function) arguments
CALLS(call_i, int32_t)
#undef CALL
#define CALL(types, arguments) ((int64_t(*) types)function) arguments
CALLS(call_l, int64_t)
#undef CALL
#define CALL(types, arguments) ((float(*) types)function) arguments
CALLS(call_f, float)
#undef CALL
#define CALL(types, arguments) ((double(*) types)function) arguments
CALLS(call_d, double)

void ffi_shape_call(const struct shape *shape, void (*function)(void), const union value *values,
                    union value *result) {
    switch (shape->result) {
    case KIND_NONE:
        call_none(function, shape, values);
        break;
    case KIND_I:
        result->i = call_i(function, shape, values);
        break;
    case KIND_L:
        result->l = call_l(function, shape, values);
        break;
    case KIND_F:
        result->f = call_f(function, shape, values);
        break;
    case KIND_D:
        result->d = call_d(function, shape, values);
        break;
    }
}
