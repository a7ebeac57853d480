/* dlsym() is whole in dlsym.c; this file replaces musl's stub. */
typedef int replaced;
