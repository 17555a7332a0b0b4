// WebAssembly has one rounding mode and no exception flags.
#define FE_ALL_EXCEPT 0
#define FE_TONEAREST 0

typedef unsigned int fexcept_t;
typedef unsigned int fenv_t;

#define FE_DFL_ENV ((const fenv_t *)-1)
