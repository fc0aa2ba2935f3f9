// PackageReader: takes the wrapping of a content format off a firmware package that comes piece by piece (Core 1.1.1,
// E.6; Transport 1.1.1, 7). Nothing of the package is kept.
//
//   opaque   the package itself
//   TLV      | type, id 0, length | package |, perhaps inside of | type, instance 0, length |
//   CBOR     | byte string, length | package |, or chunks of such within one of indefinite length (RFC 8949 3.2.3)
#pragma once

#include <algorithm>
#include <optional>

#include "simulator/base/bytes.h"

namespace lwm2m {

class PackageReader {
public:
    // Of opaque bytes.
    PackageReader() = default;
    // nullopt for a Content-Format that is none of the three.
    static std::optional<PackageReader> of(std::uint32_t content_format);

    // Takes the next bytes of the payload, and calls `keep(base::Bytes)` with each run of bytes of the package among
    // them, in order. An error for what is not one opaque value of resource 0; nothing may be fed after it.
    template <class F>
    base::Result<void> feed(base::Bytes bytes, F&& keep) {
        while (!bytes.empty()) {
            if (step_ == Step::run) {
                const auto run = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
                keep(run);
                bytes = bytes.subspan(run.size());
                pass(run.size());
            } else {
                if (const auto taken = take(bytes.front()); !taken) return taken;
                bytes = bytes.subspan(1);
            }
        }
        return {};
    }
    // May the payload end here?
    bool complete() const { return step_ == Step::end || (step_ == Step::run && unbounded()); }
    // How long the package is, if its wrapping has said so already.
    std::optional<std::uint64_t> length() const { return length_; }

private:
    enum class Step : std::uint8_t { tlv_type, tlv_id, tlv_length, cbor_head, cbor_length, run, end };
    static constexpr std::uint64_t no_end = ~std::uint64_t{0};

    bool unbounded() const { return left_ == no_end; }
    void pass(std::size_t bytes);
    base::Result<void> take(std::uint8_t byte);
    base::Result<void> take_tlv_type(std::uint8_t type);
    base::Result<void> take_tlv_id();
    base::Result<void> take_tlv_length();
    base::Result<void> take_cbor_head(std::uint8_t head);
    void begin_run();
    void end_run();

    std::uint64_t left_ = no_end;  // bytes of the run under way
    std::uint64_t number_ = 0;     // id or length that is being read
    std::uint64_t instance_ = 0;   // bytes left of the TLV around the resource, if there is one
    std::optional<std::uint64_t> length_;
    Step step_ = Step::run;
    std::uint8_t type_ = 0;    // of the TLV that is being read
    std::uint8_t wanted_ = 0;  // bytes of `number_` that are to come
    bool nested_ = false;      // within an instance
    bool chunked_ = false;     // a byte string of indefinite length
};

}  // namespace lwm2m
