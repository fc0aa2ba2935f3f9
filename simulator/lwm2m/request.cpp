#include "simulator/lwm2m/request.h"

#include "simulator/lwm2m/dispatcher.h"

namespace lwm2m {
namespace {

using coap::Code;
using coap::OptionNumber;

constexpr std::uint32_t link_format = static_cast<std::uint32_t>(ContentFormat::link);

// Walks the Uri-Path options: the alternate path first, if the device has one, then the ids.
class PathReader {
public:
    explicit PathReader(std::string_view root) : root_(root) {}

    // Content as long as the segments are a path of LwM2M.
    Code take(std::string_view segment) {
        if (!root_.empty()) return take_root(segment);
        if (segment.empty()) return Code::bad_request;
        unsigned id = 0;
        for (const char c : segment) {
            if (c < '0' || c > '9') return Code::not_found;  // not LwM2M's: /.well-known/core
            if (id <= max_id) id = id * 10 + static_cast<unsigned>(c - '0');
        }
        const bool leading_zero = segment.size() > 1 && segment.front() == '0';
        if (id > max_id || leading_zero || path_.depth == 4) return Code::bad_request;
        path_ = path_.child(static_cast<std::uint16_t>(id));
        return Code::content;
    }
    bool complete() const { return root_.empty(); }
    const Path& path() const { return path_; }

private:
    // Transport 1.1.1, 6.4.1: the paths of LwM2M stand below the alternate path.
    Code take_root(std::string_view segment) {
        const std::string_view expected = root_.substr(0, root_.find('/'));
        if (segment != expected) return Code::not_found;
        root_.remove_prefix(expected.size());
        if (!root_.empty()) root_.remove_prefix(1);
        return Code::content;
    }

    std::string_view root_;
    Path path_;
};

// What the options say; `take` answers content for an option that is understood or may be ignored.
class OptionReader {
public:
    OptionReader(std::string_view root, Request& request) : path(root), request_(request) {}

    Code take(const coap::Option& option) {
        const auto limits = coap::length_limits(option.number);
        // RFC 7252 5.4.3, 5.4.5: of a wrong length, or a second one, it counts as not known.
        const bool fits = option.value.size() >= limits.min && option.value.size() <= limits.max &&
                          (option.number != last_ || coap::is_repeatable(option.number));
        last_ = option.number;
        if (!fits) return unknown(option);
        switch (option.number) {
            case OptionNumber::uri_path: return path.take(option.text());
            case OptionNumber::uri_query: request_.queries.push_back(option.text()); break;
            case OptionNumber::accept: request_.accept = static_cast<std::uint32_t>(option.uint()); break;
            case OptionNumber::content_format:
                request_.content_format = static_cast<std::uint32_t>(option.uint());
                break;
            case OptionNumber::observe: observe = option.uint(); break;
            case OptionNumber::block1: in_blocks = true; break;
            case OptionNumber::uri_host:
            case OptionNumber::uri_port:
            case OptionNumber::block2: break;
            // RFC 7252 5.10.2: no device is a proxy.
            case OptionNumber::proxy_uri:
            case OptionNumber::proxy_scheme: return Code::proxying_not_supported;
            case OptionNumber::if_match:
            case OptionNumber::etag:
            case OptionNumber::if_none_match:
            case OptionNumber::location_path:
            case OptionNumber::oscore:
            case OptionNumber::max_age:
            case OptionNumber::hop_limit:
            case OptionNumber::location_query:
            case OptionNumber::size2:
            case OptionNumber::size1:
            case OptionNumber::echo:
            case OptionNumber::no_response:
            case OptionNumber::request_tag:
            default: return unknown(option);
        }
        return Code::content;
    }

    PathReader path;
    std::optional<std::uint64_t> observe;
    bool in_blocks = false;

private:
    static Code unknown(const coap::Option& option) {
        return coap::is_critical(option.number) ? Code::bad_option : Code::content;
    }
    Request& request_;
    OptionNumber last_{};
};

// RFC 7641 2: any other value of Observe counts as none.
RequestKind observing(std::optional<std::uint64_t> observe, RequestKind read, RequestKind begin, RequestKind end) {
    if (observe == 0) return begin;
    return observe == 1 ? end : read;
}

tl::expected<RequestKind, Code> kind_of_get(const Request& request, std::optional<std::uint64_t> observe) {
    if (request.accept == link_format) return RequestKind::discover;
    return observing(observe, RequestKind::read, RequestKind::observe, RequestKind::cancel_observe);
}

// Transport 1.1.1, 6.4.2: a PUT with a payload writes, one without and with a query sets attributes.
tl::expected<RequestKind, Code> kind_of_put(const Request& request, bool in_blocks) {
    const bool writes = !request.payload.empty() || request.content_format || in_blocks;
    if (writes == !request.queries.empty()) return tl::unexpected(Code::bad_request);
    return writes ? RequestKind::write_replace : RequestKind::write_attributes;
}

tl::expected<RequestKind, Code> kind_of_post(const Request& request) {
    switch (request.path.depth) {
        case 0: return tl::unexpected(Code::method_not_allowed);
        case 1: return RequestKind::create;
        case 2: return RequestKind::write_update;
        default: return RequestKind::execute;
    }
}

tl::expected<RequestKind, Code> kind_of(Code method, const Request& request, const OptionReader& options) {
    if (method == Code::get) return kind_of_get(request, options.observe);
    if (method == Code::put) return kind_of_put(request, options.in_blocks);
    if (method == Code::post) return kind_of_post(request);
    if (method == Code::delete_) return RequestKind::delete_;
    // The composite operations are addressed to the root: their payload has the paths (Transport 1.1.1, 6.4.2).
    if (request.path.depth > 0) return tl::unexpected(Code::method_not_allowed);
    if (method == Code::fetch) {
        return observing(options.observe, RequestKind::read_composite, RequestKind::observe_composite,
                         RequestKind::cancel_observe_composite);
    }
    if (method == Code::ipatch) return RequestKind::write_composite;
    return tl::unexpected(Code::method_not_allowed);
}

}  // namespace

tl::expected<void, Code> understand(const coap::MessageView& message, const Abilities& abilities, Request& request) {
    request.queries.clear();
    request.accept.reset();
    request.content_format.reset();
    request.payload = message.payload;
    OptionReader options(abilities.root_path, request);
    // An option that is not understood outweighs a path that is not there (RFC 7252 5.4.1).
    Code failed = Code::content;
    for (const coap::Option& option : message.options) {
        const Code code = options.take(option);
        if (code == Code::bad_option || (code != Code::content && failed == Code::content)) failed = code;
    }
    if (failed != Code::content) return tl::unexpected(failed);
    if (!options.path.complete()) return tl::unexpected(Code::not_found);
    request.path = options.path.path();
    const auto kind = kind_of(message.code, request, options);
    if (!kind) return tl::unexpected(kind.error());
    request.kind = *kind;
    return {};
}

}  // namespace lwm2m
