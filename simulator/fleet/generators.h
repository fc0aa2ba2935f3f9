// Generators: computes the values that a profile's generators make. Each is a pure function of (seed, device, path,
// time): nothing ticks, nothing is stored, and the results do not depend on threads, shards or on what was asked
// before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/generator_spec.h"
#include "simulator/base/time.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace fleet {

struct GeneratorContext {
    std::uint64_t seed = 0;
    std::uint64_t device = 0;  // index in the fleet
    lwm2m::Path path;          // of the resource, or of the resource instance
    base::Time time;           // moments before the start of the run count as the start
};

// The generators of one profile, with their expressions compiled. One for each shard and profile: expr writes into its
// own variables, so two threads must not share one. No call allocates. A value takes 40 to 200 ns, walk and states the
// most; the next change of a drain or counter that is rounded takes about 1 us, since it is searched for.
class Generators {
public:
    // Compiles every `expr:` and reports what is wrong with it at its place in the file. To be called before a run.
    static void check(const std::vector<profiles::GeneratorSpec>& specs, profiles::Diagnostics& diagnostics);

    // `specs` must outlive this object, and have passed check().
    explicit Generators(const std::vector<profiles::GeneratorSpec>& specs);
    ~Generators();
    Generators(Generators&&) noexcept;
    Generators& operator=(Generators&&) noexcept;

    // The value at context.time, of the type of the resource. Text and bytes in it belong to the specs.
    // An expr without a result (0/0) is NaN for a float, and 0 otherwise.
    lwm2m::ValueView evaluate(std::size_t generator, const GeneratorContext& context) const;

    // The next moment after context.time at which the value may be another; base::never for one that stays. Where the
    // form allows it (drain, counter) the value really is another one then.
    base::Time next_change(std::size_t generator, const GeneratorContext& context) const;

    // The moment from which on the value stands as it does at context.time, of one that is sampled; else that.
    base::Time sampled_at(std::size_t generator, const GeneratorContext& context) const;

    // The first moment after context.time at which the value is on the other side of `threshold` (at or below it, or
    // above it) than it is now; base::never when it never will be. Nothing where it cannot be computed: then
    // next_change() has to be followed.
    std::optional<base::Time> next_crossing(std::size_t generator, const GeneratorContext& context,
                                            double threshold) const;

private:
    struct Expression;
    const std::vector<profiles::GeneratorSpec>* specs_;
    std::vector<std::unique_ptr<Expression>> expressions_;  // by generator; null for the other forms
};

}  // namespace fleet
