#include "simulator/net/steering.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <vector>

namespace net {
namespace {

// The packet begins behind the UDP header; what is before it is reached from the IP header on.
constexpr auto ip_header = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t v4_source = 12;
constexpr std::uint32_t v6_source = 8;
constexpr std::uint32_t v6_header = 40;

sock_filter step(int code, std::uint32_t operand = 0) { return {static_cast<std::uint16_t>(code), 0, 0, operand}; }

// a ^= a >> bits, by way of X.
void fold(std::vector<sock_filter>& program, std::uint32_t bits) {
    program.push_back(step(BPF_MISC | BPF_TAX));
    program.push_back(step(BPF_ALU | BPF_RSH | BPF_K, bits));
    program.push_back(step(BPF_ALU | BPF_XOR | BPF_X));
}

}  // namespace

bool Steering::attach(int fd, bool v6) const {
    std::vector<sock_filter> program;
    const auto end = [&] {
        program.push_back(step(BPF_ALU | BPF_MOD | BPF_K, sockets_));
        program.push_back(step(BPF_RET | BPF_A));
    };
    // A load beyond the end makes it 0.
    program.push_back(step(BPF_LD | BPF_B | BPF_ABS, 0));
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, connection_id_type});
    program.push_back(step(BPF_LD | BPF_B | BPF_ABS, id_offset));
    end();
    program.push_back(step(BPF_ALU | BPF_AND | BPF_K, unified_mask));
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, unified_with_id});
    program.push_back(step(BPF_LD | BPF_H | BPF_ABS, 1));
    end();
    // The sum is kept in X while the next word is loaded.
    program.push_back(step(BPF_LD | BPF_W | BPF_ABS, ip_header + (v6 ? v6_source : v4_source)));
    program.push_back(step(BPF_ALU | BPF_MUL | BPF_K, first_factor));
    for (std::uint32_t at = 4; v6 && at < 16; at += 4) {
        program.push_back(step(BPF_MISC | BPF_TAX));
        program.push_back(step(BPF_LD | BPF_W | BPF_ABS, ip_header + v6_source + at));
        program.push_back(step(BPF_ALU | BPF_ADD | BPF_X));
        program.push_back(step(BPF_ALU | BPF_MUL | BPF_K, first_factor));
    }
    if (v6) {
        program.push_back(step(BPF_MISC | BPF_TAX));
        program.push_back(step(BPF_LD | BPF_H | BPF_ABS, ip_header + v6_header));
    } else {
        // The port lies behind the IP header, which may have options.
        program.push_back(step(BPF_ST, 0));
        program.push_back(step(BPF_LDX | BPF_B | BPF_MSH, ip_header));
        program.push_back(step(BPF_LD | BPF_H | BPF_IND, ip_header));
        program.push_back(step(BPF_LDX | BPF_W | BPF_MEM, 0));
    }
    program.push_back(step(BPF_ALU | BPF_ADD | BPF_X));
    fold(program, 16);
    program.push_back(step(BPF_ALU | BPF_MUL | BPF_K, second_factor));
    fold(program, 15);
    end();
    const sock_fprog all{static_cast<std::uint16_t>(program.size()), program.data()};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &all, sizeof all) == 0;
}

}  // namespace net
