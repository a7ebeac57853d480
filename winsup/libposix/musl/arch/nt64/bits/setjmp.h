/* What a Win64 function must keep: rbx rbp rdi rsi r12-r15, rsp, the return
 * address, mxcsr, the x87 control word, xmm6-xmm15: 256 bytes. */
typedef unsigned long __jmp_buf[32];
