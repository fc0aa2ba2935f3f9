#include "simulator/engine/device_capture.h"

#include <filesystem>

#include <fmt/format.h>

namespace engine {

std::optional<std::uint32_t> device_of(const fleet::Membership& members, std::uint64_t index) {
    if (index < members.first_index || (index - members.first_index) % members.stride != 0) return std::nullopt;
    const std::uint64_t device = (index - members.first_index) / members.stride;
    return device < members.devices ? std::optional(static_cast<std::uint32_t>(device)) : std::nullopt;
}

base::Result<std::unique_ptr<DeviceCapture>, std::string> DeviceCapture::open(const CaptureRequest& request,
                                                                              bool secured) {
    std::unique_ptr<DeviceCapture> capture(new DeviceCapture(request));
    const auto create = [](const std::string& file, std::ofstream& out) -> tl::expected<void, std::string> {
        out.open(file, std::ios::binary | std::ios::trunc);
        if (!out) return tl::unexpected(fmt::format("--capture: cannot write {}", file));
        return {};
    };
    if (auto made = create(request.file, capture->datagrams_); !made) return tl::unexpected(made.error());
    if (!secured) return capture;
    const std::string keys = request.file + ".keys";
    if (auto made = create(keys, capture->keys_); !made) return tl::unexpected(made.error());
    std::error_code error;
    using std::filesystem::perms;
    std::filesystem::permissions(keys, perms::owner_read | perms::owner_write, error);
    if (error) {
        return tl::unexpected(fmt::format("--capture: {} would be readable by others: {}", keys, error.message()));
    }
    return capture;
}

net::Transport& DeviceCapture::attach(std::uint32_t device, const net::Address& address, net::Transport& inner) {
    device_ = device;
    capture_ = std::make_unique<net::Capture>(
        net::Capture::Config{.device = device, .address = address, .out = &datagrams_}, inner);
    return *capture_;
}

// The format that NSS began with: Wireshark reads it. The master secret serves whatever key exchange there was.
void DeviceCapture::attach_keys(net::DtlsTransport& dtls) {
    if (!keys_.is_open()) return;
    dtls.log_keys(device_, [this](const net::RandomBytes& client, const net::MasterSecret& master) {
        keys_ << fmt::format("CLIENT_RANDOM {} {}\n", base::to_hex(client), base::to_hex(master)) << std::flush;
    });
}

void DeviceCapture::attach_keys(net::Dtls13Transport& dtls) {
    if (!keys_.is_open()) return;
    dtls.log_keys(device_, [this](std::string_view label, base::Bytes client, base::Bytes secret) {
        keys_ << fmt::format("{} {} {}\n", label, base::to_hex(client), base::to_hex(secret)) << std::flush;
    });
}

std::string DeviceCapture::finish() {
    datagrams_.flush();
    const bool wrote = datagrams_.good() && (!keys_.is_open() || keys_.good());
    return wrote ? "" : fmt::format("--capture: not all could be written to {}", request_.file);
}

}  // namespace engine
