/* longjmp stands beside setjmp, in setjmp.S; this file replaces musl's. */
