// Fuzz: an object definition in OMA's XML. What is accepted is a whole model, and every complaint can be printed.
#include <cstdint>
#include <string>

#include "profiles/object_loader.h"
#include "simulator/base/bytes.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    profiles::Diagnostics diagnostics;
    const std::string text(base::as_text({data, size}));
    for (const auto& model : profiles::read_objects_xml(text, "input.xml", diagnostics)) {
        CHECK(!model.name.empty() && !model.key.empty() && model.id <= lwm2m::max_id);
        for (const auto& resource : model.resources) CHECK(model.find(resource.key) == &resource);
    }
    CHECK(diagnostics.ok() || !diagnostics.text().empty());
    return 0;
}
