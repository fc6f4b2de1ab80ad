/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small answers in XML that AWS gives: a few texts are taken out, nothing is built. Pure. */
#ifndef GRAIN_XML_H
#define GRAIN_XML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The text of the first element called `name` that has no attributes and nothing but text in it, to
 * `to` with a NUL. False: there is none in the `len` bytes, or it needs more than `room`.
 */
bool xml_text(const char *xml, size_t len, const char *name, char *to, size_t room);

#endif
