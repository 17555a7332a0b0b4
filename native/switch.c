// From one native stack to another: the only assembly.
//
// Invariants
// 1. What the C calling convention says a function keeps is kept; nothing below the stack pointer
//    is in use while a stack is suspended.
// 2. The frames of a stack's first function end the chain of frame pointers.
//
// The part for aarch64 has never run; on that processor the self-check of layout.c runs it first.
#include "fiber.h"

#include <string.h>

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl native_switch\n"
        ".hidden native_switch\n"
        ".type native_switch,@function\n"
        "native_switch:\n"
        "  push %rbp\n"
        "  push %rbx\n"
        "  push %r12\n"
        "  push %r13\n"
        "  push %r14\n"
        "  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  pop %r15\n"
        "  pop %r14\n"
        "  pop %r13\n"
        "  pop %r12\n"
        "  pop %rbx\n"
        "  pop %rbp\n"
        "  ret\n"
        ".size native_switch,.-native_switch\n"
        ".hidden native_first\n"
        ".globl native_first\n"
        ".type native_first,@function\n"
        "native_first:\n"
        "  mov %r12, %rdi\n"
        "  xor %ebp, %ebp\n"
        "  call *%rbx\n"
        "  ud2\n"
        ".size native_first,.-native_first\n"
        ".globl native_call_on\n"
        ".hidden native_call_on\n"
        ".type native_call_on,@function\n"
        "native_call_on:\n"
        "  push %rbp\n"
        "  mov %rsp, %rbp\n"
        "  mov %rdi, %rsp\n"
        "  and $-16, %rsp\n"
        "  mov %rdx, %rdi\n"
        "  call *%rsi\n"
        "  mov %rbp, %rsp\n"
        "  pop %rbp\n"
        "  ret\n"
        ".size native_call_on,.-native_call_on\n");

void native_first(void);

// From the suspended stack pointer up: r15, r14, r13, r12, rbx, rbp, where to return to.
enum { R12 = 3, RBX = 4, RETURN = 6, SAVED = 7 };

void *native_begin(uint8_t *top, void (*begin)(void *), void *argument) {
    uintptr_t saved[SAVED] = {0};
    saved[R12] = (uintptr_t)argument;
    saved[RBX] = (uintptr_t)begin;
    saved[RETURN] = (uintptr_t)native_first;
    // 16 bytes stay free: the stack pointer is aligned when the first function is called.
    return memcpy(top - 16 - sizeof saved, saved, sizeof saved);
}

// A shadow stack of return addresses (CET) would have to be switched too.
int native_can_switch(void) {
    uintptr_t shadow = 0;
    __asm__ volatile("rdsspq %0" : "+r"(shadow)); // nothing happens where there is none
    return shadow == 0;
}
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl native_switch\n"
        ".hidden native_switch\n"
        ".type native_switch,%function\n"
        "native_switch:\n"
        "  sub sp, sp, #160\n"
        "  stp x19, x20, [sp]\n"
        "  stp x21, x22, [sp, #16]\n"
        "  stp x23, x24, [sp, #32]\n"
        "  stp x25, x26, [sp, #48]\n"
        "  stp x27, x28, [sp, #64]\n"
        "  stp x29, x30, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n"
        "  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n"
        "  str x9, [x0]\n"
        "  mov sp, x1\n"
        "  ldp x19, x20, [sp]\n"
        "  ldp x21, x22, [sp, #16]\n"
        "  ldp x23, x24, [sp, #32]\n"
        "  ldp x25, x26, [sp, #48]\n"
        "  ldp x27, x28, [sp, #64]\n"
        "  ldp x29, x30, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n"
        "  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #160\n"
        "  ret\n"
        ".size native_switch,.-native_switch\n"
        ".globl native_first\n"
        ".hidden native_first\n"
        ".type native_first,%function\n"
        "native_first:\n"
        "  mov x0, x19\n"
        "  mov x29, #0\n"
        "  blr x20\n"
        "  brk #1\n"
        ".size native_first,.-native_first\n"
        ".globl native_call_on\n"
        ".hidden native_call_on\n"
        ".type native_call_on,%function\n"
        "native_call_on:\n"
        "  stp x29, x30, [sp, #-16]!\n"
        "  mov x29, sp\n"
        "  and x9, x0, #-16\n"
        "  mov sp, x9\n"
        "  mov x0, x2\n"
        "  blr x1\n"
        "  mov sp, x29\n"
        "  ldp x29, x30, [sp], #16\n"
        "  ret\n"
        ".size native_call_on,.-native_call_on\n");

void native_first(void);

enum { X19 = 0, X20 = 1, X30 = 11, SAVED = 20 };

void *native_begin(uint8_t *top, void (*begin)(void *), void *argument) {
    uintptr_t saved[SAVED] = {0};
    saved[X19] = (uintptr_t)argument;
    saved[X20] = (uintptr_t)begin;
    saved[X30] = (uintptr_t)native_first;
    return memcpy(top - sizeof saved, saved, sizeof saved);
}

int native_can_switch(void) {
    return 1;
}
#else
#error "say how stacks are switched"
#endif
