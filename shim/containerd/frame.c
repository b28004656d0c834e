/* SPDX-License-Identifier: Apache-2.0 */
/* frame: see frame.h. */
#include "frame.h"

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void frame_put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void frame_get(const uint8_t header[static FRAME_HEADER], struct frame *ret)
{
	*ret = (struct frame){ get_u32(header), get_u32(header + 4), header[8], header[9] };
}

void frame_put(const struct frame *f, uint8_t ret[static FRAME_HEADER])
{
	frame_put_u32(ret, f->length);
	frame_put_u32(ret + 4, f->stream);
	ret[8] = f->type;
	ret[9] = f->flags;
}

enum frame_step frame_next(const uint8_t *in, size_t len, struct frame *ret, const uint8_t **ret_data,
			   size_t *ret_used)
{
	*ret_used = 0;
	*ret_data = NULL;
	if (len < FRAME_HEADER)
		return FRAME_MORE;
	frame_get(in, ret);
	if (ret->length > FRAME_DATA_MAX) {
		*ret_used = FRAME_HEADER;
		return FRAME_TOO_LONG;
	}
	if (len - FRAME_HEADER < ret->length)
		return FRAME_MORE;
	*ret_data = in + FRAME_HEADER;
	*ret_used = FRAME_HEADER + ret->length;
	return FRAME_READY;
}
