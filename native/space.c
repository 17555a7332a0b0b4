// Memory of a guest's processes that are out of place.
#include "space.h"

#include <errno.h>

int space_check_move(struct boxer_machine *machine, uint32_t leave, uint32_t enter,
                     struct move *move) {
    (void)machine, (void)leave, (void)enter, (void)move;
    return -ENOSYS;
}

int space_copy(struct boxer_machine *machine, uint32_t from, uint32_t id) {
    (void)machine, (void)from, (void)id;
    return -ENOSYS;
}

int space_of_image(struct boxer_machine *machine, uint32_t id, uint32_t descriptor) {
    (void)machine, (void)id, (void)descriptor;
    return -ENOSYS;
}

int space_check_drop(struct boxer_machine *machine, uint32_t id) {
    (void)machine, (void)id;
    return -EINVAL;
}

int space_move(struct boxer_machine *machine, struct move *move) {
    (void)machine, (void)move;
    return -1;
}

void space_drop(struct boxer_machine *machine, uint32_t id) {
    (void)machine, (void)id;
}

void spaces_end(struct boxer_machine *machine) {
    (void)machine;
}
