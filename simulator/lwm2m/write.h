// Write: values into an instance, a resource or a resource instance, all of them or none (Core 1.1.1, 6.3.3).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

enum class WriteMode : std::uint8_t {
    replace,  // what the payload does not have goes
    update,   // what the payload does not have stays
};

Answer do_write(const Operation& operation, WriteMode mode);

// May a server write that value there, as far as definition and device have a say: 4.00 out of its range or a link to
// what is not there, 4.04 not defined or not supported, 4.05 not writable. Else changed. The instance must exist.
coap::Code check_value(const Entry& entry, const ObjectTree& tree);

// Writes the sorted entries, which have been checked. Changed, or 5.00 from the first that found no room: what was
// written before it stays.
coap::Code write_values(const std::vector<Entry>& entries, ObjectTree& tree);

}  // namespace lwm2m
