// AES-128-CCM with a tag of 8 bytes (RFC 3610, RFC 6655) by the processor's own AES instructions: encryption and
// authentication of a block side by side, 0.1 us for a record of 64 bytes. A library's general code takes five times as
// long, which is most of what an established DTLS or OSCORE exchange costs beside the datagram itself.
#pragma once

#include "simulator/base/crypto.h"

namespace base {

// Whether the processor has the instructions; without them the library does it.
bool ccm8_in_hardware();

// As Aes128's. REQUIRES: ccm8_in_hardware().
void ccm8_seal_in_hardware(const Aes128::Sealing& with, MutableBytes text, MutableBytes tag);
[[nodiscard]] bool ccm8_open_in_hardware(const Aes128::Sealing& with, MutableBytes text, Bytes tag);

}  // namespace base
