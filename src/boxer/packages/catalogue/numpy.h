// numpy's vectors in x86's words for them, which the SDK has over WebAssembly's (recipes/vectors.py).
// A build for a box never asks what a processor has.
#define NPY_HAVE_SSE 1
#define NPY_HAVE_SSE2 1
#define NPY_HAVE_SSE3 1
#define NPY_HAVE_SSSE3 1
#define NPY_HAVE_SSE41 1
#define NPY_HAVE_SSE42 1
