/* The lower half knows where its handlers return to
 * (winsup/libposix/gate/entry.S), so the restorer that musl's sigaction()
 * passes is never used. */
	.text
	.globl __restore_rt, __restore
__restore_rt:
__restore:
	ud2
