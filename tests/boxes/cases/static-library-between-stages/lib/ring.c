#include <ring.h>
void ring_put(struct ring *ring, int value) { ring->slots[ring->next++ % RING_SIZE] = value; }
int ring_sum(const struct ring *ring) {
    int sum = 0;
    for (int slot = 0; slot < RING_SIZE; slot++)
        sum += ring->slots[slot];
    return sum;
}
