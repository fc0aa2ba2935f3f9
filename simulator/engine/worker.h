// Worker: something that lives on one thread and does a bounded amount of work at a time: a shard of devices, or the
// embedded server. Whoever drives it, a thread in real time or a loop in virtual time, tells it the moment.
#pragma once

#include "simulator/base/time.h"

namespace engine {

class Worker {
public:
    virtual ~Worker() = default;

    // Does what is due at `now` and takes in what has arrived, as far as one step goes. True when more is waiting.
    virtual bool work(base::Time now) = 0;
    // The next moment at which `work` has something to do though nothing arrives.
    virtual base::Time next_due() const = 0;
    // About once a second, between two steps.
    virtual void every_second(base::Time now) = 0;
};

}  // namespace engine
