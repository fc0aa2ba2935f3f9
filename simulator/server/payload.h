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

// Puts `text` as the value at `path` into `out`, in `format` or in what the client understands best; returns the format
// that it is in. The error says why not.
base::Result<lwm2m::ContentFormat> encode_value(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                                const lwm2m::Path& path, std::string_view text,
                                                std::optional<lwm2m::ContentFormat> format, base::Writer& out);

// The same for several values below one path, sorted by path.
base::Result<lwm2m::ContentFormat> encode_values(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                                 const lwm2m::Path& base,
                                                 std::span<const std::pair<lwm2m::Path, std::string>> values,
                                                 std::optional<lwm2m::ContentFormat> format, base::Writer& out);

// Decodes the payload of a successful answer about `base`.
base::Result<std::vector<std::pair<lwm2m::Path, lwm2m::Value>>> decode_values(const ObjectList& list,
                                                                              const lwm2m::ObjectRegistry* objects,
                                                                              const lwm2m::Path& base,
                                                                              std::uint16_t format,
                                                                              base::Bytes payload);

}  // namespace server
