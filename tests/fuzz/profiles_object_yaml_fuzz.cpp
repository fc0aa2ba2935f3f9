// Fuzz: an object definition in YAML. What is accepted is a whole model, and every complaint can be printed.
#include <cstdint>
#include <string>

#include "profiles/object_yaml.h"
#include "simulator/base/bytes.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    profiles::Diagnostics diagnostics;
    const auto root = profiles::parse_yaml(std::string(base::as_text({data, size})), "input.yaml", diagnostics);
    if (root) {
        for (const auto& model : profiles::read_objects(*root, diagnostics)) {
            CHECK(!model.key.empty() && model.id <= lwm2m::max_id);
            for (const auto& resource : model.resources) CHECK(model.find(resource.key) == &resource);
        }
    }
    CHECK(diagnostics.ok() || !diagnostics.text().empty());
    return 0;
}
