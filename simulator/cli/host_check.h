// Host check: does this machine have the memory that a fleet needs? Asked before anything is built.
#pragma once

#include <cstdint>
#include <string>

namespace cli {

enum class WithServer : std::uint8_t { no, yes };

// Bytes that may still be taken: what the kernel says is available, less where a control group or a resource limit
// allows less. 0 where nothing can be known.
std::uint64_t available_memory();

// What `devices` devices will take, and the embedded server's part of it.
std::uint64_t needed_memory(std::uint64_t devices, WithServer server);

// Why it does not fit, with the number that would; empty: it does.
std::string refuse_for_memory(std::uint64_t devices, WithServer server, std::uint64_t available);

}  // namespace cli
