#include "simulator/engine/device_files.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "simulator/base/crypto_pem.h"
#include "simulator/net/dtls_certificates.h"

namespace engine {
namespace {

base::Secret content_of(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    base::Secret content(base::as_bytes(text));
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return content;
}

// Empty, or what is wrong.
std::string read_entry(const std::string& file, const std::string& key_file, std::vector<std::uint8_t>& certificate,
                       base::Secret& key) {
    const auto content = content_of(file);
    const auto blocks = base::read_pem(content.view());
    std::vector<base::Bytes> chain;
    for (const auto& block : blocks) {
        if (block.label == "CERTIFICATE") chain.push_back(block.bytes.view());
    }
    const auto facts = chain.empty() ? std::nullopt : base::read_certificate(chain.front());
    if (!facts) return fmt::format("{}: no certificate (PEM) is in it, or it is not there", file);
    certificate.resize(net::own_certificate_capacity);
    base::Writer out{base::MutableBytes(certificate)};
    net::write_certificate_chain(chain, out);
    if (out.failed()) return fmt::format("{}: the certificates are longer than 4 KB", file);
    certificate.resize(out.size());
    base::P256Scalar scalar;
    base::P256Point point;
    const auto key_content = key_file.empty() ? content.copy() : content_of(key_file);
    const bool good = base::read_p256_key(key_content.view(), scalar) && base::P256().public_of(scalar, point);
    key = base::Secret(base::Bytes(scalar));
    base::wipe(scalar);
    if (!good) return fmt::format("{}: no private key on P-256 is in it", key_file.empty() ? file : key_file);
    return facts->key == point ? "" : fmt::format("{}: the private key is another one's", file);
}

}  // namespace

std::shared_ptr<const DeviceFiles> DeviceFiles::read(const profiles::Population& population, std::uint64_t seed,
                                                     const profiles::Place& place, profiles::Diagnostics& diagnostics) {
    constexpr int most_errors = 5;
    const auto has_file = [&](std::size_t part) {
        return !population.profile(part)->security.certificate.file.empty();
    };
    bool any = false;
    for (std::size_t part = 0; part < population.parts(); ++part) any = any || has_file(part);
    if (!any) return nullptr;
    auto files = std::make_shared<DeviceFiles>();
    files->entries_.resize(population.size());
    int errors = 0;
    for (std::uint64_t index = 0; index < population.size() && errors < most_errors; ++index) {
        const std::size_t part = population.part_of(index);
        if (!has_file(part)) continue;
        const auto& profile = *population.profile(part);
        const profiles::EndpointVariables variables{.index = index, .seed = seed, .shard = 0};
        const auto& section = profile.security.certificate;
        const auto file = profiles::fill_template(section.file, profile, variables);
        const auto key_file =
            section.key_file.empty() ? std::string() : profiles::fill_template(section.key_file, profile, variables);
        Entry& entry = files->entries_[index];
        const auto wrong = read_entry(file, key_file, entry.certificate, entry.key);
        if (wrong.empty()) continue;
        diagnostics.error(place, "certificate of a device: " + wrong);
        ++errors;
    }
    return errors == 0 ? files : nullptr;
}

const std::vector<std::uint8_t>* DeviceFiles::certificate(std::uint64_t index) const {
    return index < entries_.size() && !entries_[index].certificate.empty() ? &entries_[index].certificate : nullptr;
}

void DeviceFiles::key(std::uint64_t index, base::P256Scalar& out) const {
    std::ranges::copy(entries_[index].key.view(), out.begin());
}

}  // namespace engine
