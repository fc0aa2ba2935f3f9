// Number text: numbers and object links as characters, without an allocation.
#pragma once

#include <string_view>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace lwm2m {

void put_number(std::int64_t number, base::Writer& out);
void put_number(std::uint64_t number, base::Writer& out);

enum class FloatText {
    fixed,     // never an exponent (Core 1.1.1, Appendix C: plain text)
    shortest,  // with an exponent where that is shorter (JSON)
};
// The fewest digits that read back as the same number. A NaN or an infinity has no form as text: it makes the writer
// fail.
void put_number(double number, FloatText form, base::Writer& out);

// "3:0"
void put_objlnk(Objlnk link, base::Writer& out);

// "/3/0/9"; the root is "/".
void put_path(const Path& path, base::Writer& out);

// The whole of `text` must be the number: no blanks, no '+'. The offset of an error is 0.
base::Result<std::int64_t> parse_signed(std::string_view text);
base::Result<std::uint64_t> parse_unsigned(std::string_view text);
base::Result<double> parse_float(std::string_view text);  // an exponent is read; "nan" and "inf" are not
base::Result<Objlnk> parse_objlnk(std::string_view text);

}  // namespace lwm2m
