/* signals: what a program of somebody else's may expect of signals when it starts (signal(7)). */
#pragma once

/* None ignored, none blocked, whatever our caller left. Safe in a vfork'd child. */
void signals_reset(void);
