#include <stdio.h>
int main(void) {
    long primes = 0;
    for (int n = 2; n < 2000; n++) {
        int divisor = 2;
        while (divisor * divisor <= n && n % divisor)
            divisor++;
        primes += divisor * divisor > n;
    }
    return printf("{\"primes\": %ld}\n", primes) < 0;
}
