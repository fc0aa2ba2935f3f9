// Replay: drives a fuzz target without libFuzzer: every seed, every truncation of it, and a fixed set of mutations.
//
//   fuzz_coap_message CORPUS_FOLDER|FILE...
//
// The same files give the same inputs on every machine. A crash prints the input that it happened on, as hex.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t mutations_per_target = 20'000;
constexpr std::size_t longest_truncated = 2'048;

const Input* current_input = nullptr;  // for the crash message

void print_current_input(int signal) {
    // Only what is safe in a signal handler: write(2).
    static constexpr char digits[] = "0123456789abcdef";
    static constexpr char head[] = "\ncrash on input (hex): ";
    if (write(STDERR_FILENO, head, sizeof head - 1) > 0 && current_input != nullptr) {
        for (const auto byte : *current_input) {
            const char hex[2] = {digits[byte >> 4], digits[byte & 15]};
            if (write(STDERR_FILENO, hex, 2) < 0) break;
        }
    }
    if (write(STDERR_FILENO, "\n", 1) < 0) _exit(1);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

// A copy of exactly the input's size, so that a sanitizer sees one byte too far.
void run(const Input& input) {
    const Input copy(input.begin(), input.end());
    current_input = &copy;
    LLVMFuzzerTestOneInput(copy.data(), copy.size());
    current_input = nullptr;
}

class Mutator {
public:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }

    // One to four changes of the kinds that break decoders: bits, extreme bytes, missing, repeated and foreign parts.
    Input mutate(Input input, const Input& other) {
        const auto changes = 1 + below(4);
        for (std::size_t i = 0; i < changes; ++i) change(input, other);
        return input;
    }

private:
    void change(Input& input, const Input& other) {
        static constexpr std::uint8_t extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe,
                                                    0x0d, 0x0e, 0x0f, 0x1f, 0x5f, 0x9f};
        const auto at = below(input.size());
        const auto offset = static_cast<std::ptrdiff_t>(at);
        switch (below(6)) {
            case 0:
                if (!input.empty()) input[at] = static_cast<std::uint8_t>(input[at] ^ (1u << below(8)));
                break;
            case 1:
                if (!input.empty()) input[at] = extremes[below(std::size(extremes))];
                break;
            case 2: input.insert(input.begin() + offset, static_cast<std::uint8_t>(below(256))); break;
            case 3:
                if (!input.empty()) input.erase(input.begin() + offset);
                break;
            case 4: {
                const Input part(input.begin() + offset, input.end());
                input.insert(input.end(), part.begin(), part.end());
                break;
            }
            default:
                input.resize(at);
                input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())),
                             other.end());
        }
    }

    std::mt19937_64 random_{20'240'229};  // a standard engine: the same numbers everywhere
};

Input read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Input(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::vector<Input> read_seeds(int count, char** arguments) {
    std::vector<std::filesystem::path> files;
    for (int i = 0; i < count; ++i) {
        const std::filesystem::path path(arguments[i]);
        if (!std::filesystem::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<Input> seeds;
    for (const auto& file : files) seeds.push_back(read_file(file));
    return seeds;
}

}  // namespace

int main(int argc, char** argv) {
    const auto seeds = read_seeds(argc - 1, argv + 1);
    if (seeds.empty()) {
        std::fprintf(stderr, "no seeds: give the folder of a corpus\n");
        return 2;
    }
    std::signal(SIGABRT, print_current_input);
    std::signal(SIGSEGV, print_current_input);

    std::size_t inputs = 0;
    for (const auto& seed : seeds) {
        const auto longest = std::min(seed.size(), longest_truncated);
        for (std::size_t size = 0; size <= longest; ++size, ++inputs) {
            run(Input(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(size)));
        }
        run(seed);
        ++inputs;
    }
    Mutator mutator;
    for (std::size_t i = 0; i < mutations_per_target; ++i, ++inputs) {
        run(mutator.mutate(seeds[i % seeds.size()], seeds[mutator.below(seeds.size())]));
    }
    std::printf("%zu inputs from %zu seeds\n", inputs, seeds.size());
    return 0;
}
