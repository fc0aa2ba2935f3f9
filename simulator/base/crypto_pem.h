// Pem: the blocks of a PEM file (RFC 7468): "-----BEGIN CERTIFICATE-----", base64, "-----END CERTIFICATE-----".
#pragma once

#include <string>

#include "simulator/base/crypto.h"

namespace base {

struct PemBlock {
    std::string label;  // "CERTIFICATE", "EC PRIVATE KEY", "PUBLIC KEY"
    Secret bytes;
};
// All blocks in order; what is between them, and a block that is broken, is left out.
std::vector<PemBlock> read_pem(Bytes file);
std::string write_pem(std::string_view label, Bytes bytes);

}  // namespace base
