#include <unistd.h>

#include <iostream>

#include "simulator/cli/options.h"
#include "simulator/cli/program.h"

int main(int argc, char** argv) {
    const cli::Context context{.in = std::cin,
                               .out = std::cout,
                               .err = std::cerr,
                               .terminal = isatty(STDERR_FILENO) == 1,
                               .args = {argv + 1, argv + argc},
                               .environment = cli::process_environment()};
    return cli::run_program(context);
}
