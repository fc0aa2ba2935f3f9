// Create: a new instance of an object, with its first values (Core 1.1.1, 6.3.6).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

Answer do_create(const Operation& operation);

}  // namespace lwm2m
