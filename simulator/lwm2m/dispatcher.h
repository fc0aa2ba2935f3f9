// Dispatcher: does what a server asks of an object tree, and says with which code to answer.
//
// Sans-I/O and without state of its own: the caller keeps observations and attributes, assembles and slices blocks
// (coap/blockwise.h), and writes the response.
#pragma once

#include <span>
#include <vector>

#include "simulator/lwm2m/attributes.h"
#include "simulator/lwm2m/codec.h"
#include "simulator/lwm2m/object_tree.h"
#include "simulator/lwm2m/request.h"

namespace lwm2m {

// What a device can do, from its profile.
struct Abilities {
    std::span<const ContentFormat> formats;             // that it reads and writes
    ContentFormat default_format = ContentFormat::tlv;  // of an answer to a request without Accept
    bool composite = true;                              // LwM2M 1.1 and later
    Version version{1, 1};                              // of LwM2M that the device speaks
    std::string_view root_path;                         // alternate path: "lwm2m", or empty
};

// Memory that one thread uses for one request after the other, so that nothing is allocated in steady state.
struct Workspace {
    Request request;
    Entries entries;
    std::vector<Path> paths;  // after a composite read or observe: what it asked for, sorted, none below another
    std::vector<std::uint16_t> ids;
    std::vector<std::uint8_t> payload;  // room for the largest answer
    std::string path_text;
};

struct Answer {
    coap::Code code = coap::Code::internal_server_error;
    std::optional<ContentFormat> format;
    base::Bytes payload;          // in the Workspace
    std::optional<Path> created;  // the instance whose id the device chose: becomes Location-Path
};

// Reads method, options and path; `request` is overwritten, its memory used again. The codes for what is not
// understood: 4.00 ids that cannot be or a PUT that says nothing, 4.02 unknown critical option, 4.04 a path that is not
// LwM2M's, 4.05 a method that means nothing there, 5.05 a request to a proxy.
tl::expected<void, coap::Code> understand(const coap::MessageView& message, const Abilities& abilities,
                                          Request& request);

// Does it. `payload` is that of the request, or the assembled body of a block-wise one. Observe and its cancellation
// are answered like a Read; Write-Attributes goes to `attributes`.
Answer dispatch(const Request& request, base::Bytes payload, ObjectTree& tree, AttributeStore& attributes,
                const Abilities& abilities, Workspace& workspace);

// The value of a notification: as the answer to a Read of `path` in that format. 2.05, or the code for why not.
// Allocates nothing once the workspace has grown to the size of its answers.
Answer read(const Path& path, ContentFormat format, const ObjectTree& tree, Workspace& workspace);
// `paths` sorted, none below another. What is not there or may not be read is left out.
Answer read_composite(std::span<const Path> paths, ContentFormat format, const ObjectTree& tree, Workspace& workspace);

}  // namespace lwm2m
