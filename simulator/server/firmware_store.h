// FirmwareStore: the images that campaigns give to devices, each once in the process however many devices take it. They
// are offered over CoAP below /fw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profiles/campaign_spec.h"
#include "simulator/base/crypto.h"
#include "simulator/base/error.h"
#include "simulator/server/bodies.h"

namespace server {

struct FirmwareImage {
    std::string name;
    Bodies::Memory memory;
    base::Bytes bytes;   // the image
    base::Bytes as_tlv;  // the same as the value of resource 0
    base::Digest sha256{};
    std::uint64_t etag = 0;   // coap::fingerprint
    std::uint32_t users = 0;  // campaigns that are not over
};

class FirmwareStore {
public:
    static constexpr std::size_t max_image = profiles::max_image_size;
    static constexpr std::size_t max_total = 64u << 20;
    static constexpr std::size_t max_images = 64;
    static constexpr std::string_view folder = "fw";  // the first segment of its paths

    // An image to add, on any thread. The error is for the user: no name, or nothing in it.
    static tl::expected<FirmwareImage, std::string> make(std::string name, base::Bytes bytes);

    // Takes the place of the one of that name, which no campaign may be using.
    tl::expected<void, std::string> add(FirmwareImage image);
    tl::expected<void, std::string> remove(std::string_view name);
    // Valid until the next add or remove.
    FirmwareImage* find(std::string_view name);
    const FirmwareImage* find(std::string_view name) const;
    const std::vector<FirmwareImage>& images() const { return images_; }

private:
    std::vector<FirmwareImage> images_;  // by name
};

}  // namespace server
