#include "simulator/server/firmware_store.h"

#include <algorithm>
#include <array>

#include "coap/block.h"

namespace server {
namespace {

using Refusal = tl::unexpected<std::string>;

constexpr std::size_t max_name = 64;

// One segment of a path, without anything to be escaped.
bool is_name(std::string_view name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    return !name.empty() && name.size() <= max_name && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), plain);
}

}  // namespace

tl::expected<FirmwareImage, std::string> FirmwareStore::make(std::string name, base::Bytes bytes) {
    if (!is_name(name)) return Refusal("an image has a name of at most 64 letters, digits, '.', '_' and '-'");
    if (bytes.empty()) return Refusal("the image is empty");
    if (bytes.size() > max_image) return Refusal("an image has at most 16 MiB");
    // Core 1.1.1, 7.4.3: a resource with a value, an 8-bit id and a 24-bit length.
    const auto size = bytes.size();
    const std::array<std::uint8_t, 5> header{0xd8, 0x00, static_cast<std::uint8_t>(size >> 16),
                                             static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    auto memory = std::make_shared<std::vector<std::uint8_t>>();
    memory->reserve(header.size() + size);
    memory->assign(header.begin(), header.end());
    memory->insert(memory->end(), bytes.begin(), bytes.end());
    FirmwareImage image;
    image.name = std::move(name);
    image.as_tlv = *memory;
    image.bytes = image.as_tlv.subspan(image.as_tlv.size() - size);
    image.memory = std::move(memory);
    image.sha256 = base::sha256(image.bytes);
    image.etag = coap::fingerprint(image.bytes);
    return image;
}

tl::expected<void, std::string> FirmwareStore::add(FirmwareImage image) {
    auto* known = find(image.name);
    if (known != nullptr && known->users > 0) return Refusal("a campaign is using the image of that name");
    std::size_t total = image.bytes.size();
    for (const auto& one : images_) total += &one == known ? 0 : one.bytes.size();
    if (total > max_total) return Refusal("all images together have at most 64 MiB");
    if (known != nullptr) {
        *known = std::move(image);
        return {};
    }
    if (images_.size() == max_images) return Refusal("there are 64 images already");
    const auto place =
        std::lower_bound(images_.begin(), images_.end(), image.name,
                         [](const FirmwareImage& one, const std::string& name) { return one.name < name; });
    images_.insert(place, std::move(image));
    return {};
}

tl::expected<void, std::string> FirmwareStore::remove(std::string_view name) {
    const auto* known = find(name);
    if (known == nullptr) return Refusal("there is no image of that name");
    if (known->users > 0) return Refusal("a campaign is using it");
    images_.erase(images_.begin() + (known - images_.data()));
    return {};
}

FirmwareImage* FirmwareStore::find(std::string_view name) {
    const auto found = std::find_if(images_.begin(), images_.end(), [&](const auto& one) { return one.name == name; });
    return found == images_.end() ? nullptr : &*found;
}

const FirmwareImage* FirmwareStore::find(std::string_view name) const {
    return const_cast<FirmwareStore*>(this)->find(name);  // NOLINT: the list is not changed
}

}  // namespace server
