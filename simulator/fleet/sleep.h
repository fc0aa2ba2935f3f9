// Sleep: a device in queue mode (Core 1.1.1, 6.5). It is awake for a while after each message of its own; then its
// radio is off, and what is sent to it is lost. It wakes when it has something to say, and by its schedule.
//
//   awake --nothing sent for the window, nothing under way--> asleep
//   asleep --Update, notification, Send, schedule--> awake
#pragma once

#include "simulator/fleet/turn.h"

namespace fleet {

// The window is over, or the schedule wakes the device.
void on_sleep_timer(Turn& turn, DeviceId device);

// Is this link's notification to be kept until the device is awake?
bool keeps_for_later(Turn& turn, LinkId link);

}  // namespace fleet
