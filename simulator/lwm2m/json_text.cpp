#include "simulator/lwm2m/json_text.h"

#include <cmath>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

void put_escaped(char c, base::Writer& out) {
    static constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '"': return out.put("\\\"");
        case '\\': return out.put("\\\\");
        case '\n': return out.put("\\n");
        case '\r': return out.put("\\r");
        case '\t': return out.put("\\t");
        default: break;
    }
    out.put("\\u00");
    out.put_u8(static_cast<std::uint8_t>(digits[static_cast<unsigned char>(c) >> 4]));
    out.put_u8(static_cast<std::uint8_t>(digits[c & 15]));
}

}  // namespace

void put_json_string(std::string_view text, base::Writer& out) {
    out.put_u8('"');
    std::size_t plain = 0;  // characters from here on need no escape
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '"' && text[i] != '\\' && static_cast<unsigned char>(text[i]) >= 0x20) continue;
        out.put(text.substr(plain, i - plain));
        put_escaped(text[i], out);
        plain = i + 1;
    }
    out.put(text.substr(plain));
    out.put_u8('"');
}

void put_json_float(double number, base::Writer& out) {
    const double size = std::abs(number);
    const bool plain = number == 0 || (size >= 1e-5 && size < 1e15);
    put_number(number, plain ? FloatText::fixed : FloatText::shortest, out);
}

}  // namespace lwm2m
