// The variable in which Rust's std for WASI looks for the last error. Its numbers are not Linux's,
// so the box's own errno must not be seen through it: it stays 0, which is no error it knows.

int errno;
