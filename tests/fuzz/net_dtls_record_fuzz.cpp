// Fuzz: a datagram that arrives in an established session. Whatever does not open changes nothing.
#include <cstdint>
#include <vector>

#include "simulator/base/check.h"
#include "simulator/net/dtls_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    base::Aes128 aes;
    net::DtlsSession session;
    net::CbcKeys mac;
    session.cipher = static_cast<net::RecordCipher>(1 + data[0] % 3);
    session.read_id_size = data[0] / 3 % 14;
    std::vector<std::uint8_t> datagram(data + 1, data + size);
    const std::vector<std::uint8_t> id(session.read_id_size, 1);
    net::RecordReader records(datagram, id.size());
    while (const auto record = records.next()) {
        const auto limit = session.read_limit;
        const auto opened = net::open(aes, session, &mac, id, *record);
        CHECK(opened.text.size() <= record->fragment.size());
        if (opened.discard == net::RecordDiscard::decrypt) CHECK(session.read_limit == limit);
    }
    return 0;
}
