// Beside dlopen, whose handles it takes.
