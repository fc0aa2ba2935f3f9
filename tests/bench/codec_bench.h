// CodecBench: CPU time of encoding and decoding, in nanoseconds.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct CodecCost {
    std::string name;
    double ns = 0;
};
std::vector<CodecCost> measure_codecs();

}  // namespace bench
