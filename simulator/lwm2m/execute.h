// Execute: makes a resource do what it stands for, with arguments (Core 1.1.1, 6.3.5).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

Answer do_execute(const Operation& operation);

// Are these arguments as the grammar has them: "2='x',7", digits 0 to 9, each once at most?
bool are_arguments(std::string_view text);

}  // namespace lwm2m
