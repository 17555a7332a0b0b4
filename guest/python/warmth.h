// What the interpreter becomes used to.
#pragma once

// In the image, once the collector sees nothing of it any more. 0, or -1 with an exception.
int warmth_settle(void);

// Gives the module the functions `be_eager`, `used_to` and `get_used_to`. 0, or -1 with an
// exception.
int warmth_offer(void);
