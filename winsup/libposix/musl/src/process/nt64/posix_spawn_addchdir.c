/* POSIX.1-2024 took these two up without the suffix. */
#include <spawn.h>

int posix_spawn_file_actions_addchdir_np(
	posix_spawn_file_actions_t *restrict, const char *restrict);
int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *, int);

int posix_spawn_file_actions_addchdir(
	posix_spawn_file_actions_t *restrict actions, const char *restrict path)
{
	return posix_spawn_file_actions_addchdir_np(actions, path);
}

int posix_spawn_file_actions_addfchdir(
	posix_spawn_file_actions_t *actions, int fd)
{
	return posix_spawn_file_actions_addfchdir_np(actions, fd);
}
