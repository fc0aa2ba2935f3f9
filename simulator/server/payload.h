// Payload: values of a client's resources in the formats of the wire, typed by the object versions that it registered.
#pragma once

#include "simulator/lwm2m/codec.h"
#include "simulator/server/command.h"
#include "simulator/server/object_list.h"

namespace server {

// The types of a client's resources. Both must outlive it; `objects` may be null: then nothing is known.
class ClientTypes final : public lwm2m::TypeSource {
public:
    ClientTypes(const ObjectList& list, const lwm2m::ObjectRegistry* objects) : list_(list), objects_(objects) {}

    const lwm2m::ResourceModel* resource(const lwm2m::Path& path) const;
    lwm2m::Type type_of(const lwm2m::Path& path) const override;
    bool is_multiple(const lwm2m::Path& path) const override;

private:
    const ObjectList& list_;
    const lwm2m::ObjectRegistry* objects_;
};

// Puts values, sorted by path, below `base` into `out`, in `format` or in what the client understands best; returns the
// format that they are in. The error says why not.
base::Result<lwm2m::ContentFormat> encode_values(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                                 const lwm2m::Path& base,
                                                 std::span<const std::pair<lwm2m::Path, std::string>> values,
                                                 std::optional<lwm2m::ContentFormat> format, base::Writer& out);

// The format for the paths and values of a composite operation, and the one to answer it in (Core 1.1.1, 6.3.8: SenML;
// 1.2 adds SenML-ETCH, which has no values, and LwM2M CBOR).
lwm2m::ContentFormat composite_format(const ObjectList& list);
lwm2m::ContentFormat answer_format(lwm2m::ContentFormat of_request);

// Decodes the payload of a successful answer about `base`, of a notification or a Send.
base::Result<std::vector<NamedValue>> decode_values(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                                    const lwm2m::Path& base, std::uint16_t format, base::Bytes payload);

}  // namespace server
