// Delete: takes an object instance away, or an instance of a multiple resource (Core 1.1.1, 6.3.7; 1.2, 6.3.7).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

Answer do_delete(const Operation& operation);

}  // namespace lwm2m
