/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a command is told to end: by SIGINT, SIGTERM or SIGHUP. */
#ifndef GRAIN_STOP_H
#define GRAIN_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * From now on the first of these signals asks for an orderly end, and the second one ends the
 * process (128 + signal); one that was ignored stays so (nohup(1)). SIGPIPE is ignored. With
 * `children`, SIGCHLD too makes stop_fd() readable.
 */
void stop_on_signals(bool children);

/* Sends the signals on to this process, too, unless they come from the terminal, which sends them
 * to both. 0: to none. */
void stop_forward(pid_t pid);

/* When (a time of now()) we were told to end; 0: we weren't. */
int64_t stop_asked(void);

/* For epoll_wait(2) and poll(2): readable once a signal came. stop_look() makes it wait for the
 * next one. */
int stop_fd(void);
void stop_look(void);

#endif
