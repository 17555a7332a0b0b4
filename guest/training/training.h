// What the host reads and writes in the memory of a machine that is trained (recipes/training.py).
#ifndef BOXER_TRAINING_H
#define BOXER_TRAINING_H

#include <stdint.h>

// The status of a program that has not ended.
enum { TRAINING_RUNS = -1 };

// Addresses are offsets in linear memory; what has an end ends before that. Little-endian.
struct training {
    uint32_t archive, archive_end; // a zip file with modules and the program, put there by the host
    uint32_t said, said_end;       // the last that the program wrote to its standard streams
    uint32_t data, data_end;       // records of instrumented functions, see recipes/profile.py
    uint32_t counts, counts_end;
    uint32_t names, names_end;
    uint32_t values, values_end; // what counters.c counted
    int32_t status;              // what the program exited with
};

extern struct training training;

// counters.c: says where its results lie.
void training_describe(struct training *training);

#endif
