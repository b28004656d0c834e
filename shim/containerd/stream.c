/* SPDX-License-Identifier: Apache-2.0 */
/* stream: see stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/fd.h"

#define READ_BYTES 4096u
#define QUEUE_MAX ((size_t)64 << 20) /* of a peer that does not read */
#define KEEP_MAX ((size_t)16 << 10) /* of memory, for an idle stream */

/* What is done with goes; memory that one large frame needed as well. */
static void compact(struct buf *b, size_t *done)
{
	b->len -= *done;
	if (b->len == 0 && b->cap > KEEP_MAX) {
		buf_free(b);
		*b = BUF_INIT;
	} else if (b->len && *done) {
		memmove(b->data, b->data + *done, b->len);
	}
	*done = 0;
}

static void cut_off(struct stream *s)
{
	stream_close(s);
	s->gone(s);
}

static void stream_discard(struct stream *s)
{
	size_t have = s->in.len - s->in_done;
	size_t n = have < s->discard ? have : s->discard;

	s->in_done += n;
	s->discard -= (uint32_t)n;
}

static void take_frames(struct stream *s)
{
	const uint8_t *data;
	struct frame f;
	size_t used;

	while (!s->closed) {
		stream_discard(s);
		enum frame_step step = frame_next((uint8_t *)s->in.data + s->in_done,
						  s->in.len - s->in_done, &f, &data, &used);
		if (step == FRAME_MORE)
			break;
		s->in_done += used;
		if (step == FRAME_TOO_LONG)
			s->discard = f.length;
		s->frame(s, &f, data);
	}
	if (!s->closed)
		compact(&s->in, &s->in_done);
}

/* One read a round: the loop comes back when there is more. */
static void stream_receive(struct stream *s)
{
	char chunk[READ_BYTES];
	ssize_t n = recv(s->fd, chunk, sizeof chunk, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_put(&s->in, chunk, (size_t)n);
	if (n <= 0 || s->in.failed)
		cut_off(s);
	else
		take_frames(s);
}

static bool flush(struct stream *s)
{
	struct err e = ERR_INIT;

	while (s->out_done < s->out.len) {
		ssize_t n = send(s->fd, s->out.data + s->out_done, s->out.len - s->out_done, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n < 0)
			break;
		s->out_done += (size_t)n;
	}
	compact(&s->out, &s->out_done);
	if (s->waits == (s->out.len > 0))
		return true;
	s->waits = s->out.len > 0;
	return loop_change(s->loop, &s->source, EPOLLIN | (s->waits ? EPOLLOUT : 0), &e) >= 0;
}

static void on_stream_ready(struct source *src, uint32_t events)
{
	struct stream *s = LOOP_OWNER(src, struct stream, source);

	if (events & EPOLLOUT && !flush(s))
		cut_off(s);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		stream_receive(s);
}

int stream_open(struct stream *s, struct loop *l, int fd,
		void (*frame)(struct stream *s, const struct frame *f, const uint8_t *data),
		void (*gone)(struct stream *s), struct err *e)
{
	*s = (struct stream){ .source = SOURCE_INIT, .loop = l, .fd = fd, .frame = frame, .gone = gone };
	return loop_add(l, &s->source, fd, EPOLLIN, on_stream_ready, e);
}

void stream_close(struct stream *s)
{
	loop_del(s->loop, &s->source);
	fd_close(&s->fd);
	buf_free(&s->in);
	buf_free(&s->out);
	s->in = s->out = BUF_INIT;
	s->in_done = s->out_done = 0;
	s->closed = true;
}

bool stream_send(struct stream *s, uint32_t id, enum frame_type type, const void *data, size_t len)
{
	struct frame f = { .length = (uint32_t)len, .stream = id, .type = (uint8_t)type };
	uint8_t head[FRAME_HEADER];
	bool idle = stream_is_flushed(s);

	if (s->closed)
		return false;
	frame_put(&f, head);
	buf_put(&s->out, head, sizeof head);
	buf_put(&s->out, data, len);
	if (!s->out.failed && s->out.len < QUEUE_MAX && (!idle || flush(s)))
		return true;
	stream_close(s);
	return false;
}

bool stream_is_flushed(const struct stream *s)
{
	return s->out.len == 0;
}
