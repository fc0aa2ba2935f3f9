// Discover: what is there, with the attributes that the server has set (Core 1.1.1, 6.3.2; 1.2, 6.3.2 with depth).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

Answer do_discover(const Operation& operation);

}  // namespace lwm2m
