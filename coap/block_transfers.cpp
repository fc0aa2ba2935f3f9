#include "coap/block_transfers.h"

#include <algorithm>
#include <bit>

#include "simulator/base/random.h"

namespace coap {
namespace {

// A slot keeps the memory of a small body for its next one, as long as all bodies together take but a small part of
// what they may: then a steady stream of small transfers allocates nothing.
constexpr std::size_t kept_capacity = 4096;
constexpr std::uint64_t kept_part = 8;

std::uint32_t content_format_of(const MessageView& message) {
    const auto format = message.find_uint(OptionNumber::content_format);
    return format ? static_cast<std::uint32_t>(*format & 0xffff) : Block1Receiver::no_format;
}

bool tells_transfers_apart(OptionNumber number) {
    return number == OptionNumber::uri_path || number == OptionNumber::uri_query || number == OptionNumber::accept ||
           number == OptionNumber::request_tag;
}

}  // namespace

std::uint64_t resource_of(const MessageView& request) {
    std::uint64_t sum = static_cast<std::uint64_t>(request.code);
    for (const auto& option : request.options) {
        if (!tells_transfers_apart(option.number)) continue;
        sum = fingerprint(option.value, sum ^ base::mix(static_cast<std::uint64_t>(option.number)));
    }
    return sum;
}

BlockTransfers::BlockTransfers(const Limits& limits)
    : limits_(limits), transfers_(limits.transfers), buckets_(std::bit_ceil(std::max(limits.transfers, 1u))) {}

BlockTransfers::Received BlockTransfers::receive(base::Time now, const TransferKey& key, const MessageView& request,
                                                 Keep keep) {
    expire(now);
    const auto block = find_block(request, OptionNumber::block1);
    if (!block) {
        ++counters_.broken;
        return {.code = Code::bad_request};  // RFC 7959 2.2: SZX 7
    }
    if (*block) return on_block1(now, key, request, **block, keep);
    if (request.payload.size() > limits_.body_bytes) {
        ++counters_.too_large;
        return {.code = Code::request_entity_too_large, .size1 = static_cast<std::uint32_t>(limits_.body_bytes)};
    }
    return {.kind = Received::Kind::whole,
            .body = request.payload,
            .length = request.payload.size(),
            .digest = fingerprint(request.payload)};
}

BlockTransfers::Received BlockTransfers::on_block1(base::Time now, const TransferKey& key, const MessageView& request,
                                                   const Block& block, Keep keep) {
    if (block.number == 0) end_if_any(Role::receive, key);
    std::uint32_t index = find(Role::receive, key);
    if (index == base::no_index) {
        if (block.number != 0) return refuse(block, Code::request_entity_incomplete);
        const auto announced = request.find_uint(OptionNumber::size1);
        if (announced && *announced > limits_.body_bytes) return refuse(block, Code::request_entity_too_large);
        index = take(now, Role::receive, key);
        if (index == base::no_index) return refuse(block, Code::service_unavailable);
    }
    Transfer& transfer = transfers_[index];
    const auto step =
        transfer.receiver.on_block(block, request.payload, content_format_of(request), limits_.body_bytes);
    Received received{.code = step.code, .block1 = block};
    if (block.more) received.block1->szx = std::min(block.szx, limits_.szx);
    if (step.kind == Block1Receiver::Step::Kind::refused) {
        end(index);
        return refuse(block, step.code);
    }
    if (step.kind != Block1Receiver::Step::Kind::repeated) {
        transfer.digest = fingerprint(step.bytes, transfer.digest);
        if (keep == Keep::bytes && !append(index, step.bytes)) {
            end(index);
            return refuse(block, Code::service_unavailable);
        }
    }
    touch(now, index, transfer.queue);
    received.note = transfer.note;
    received.length = transfer.receiver.length();
    received.digest = transfer.digest;
    if (step.kind == Block1Receiver::Step::Kind::last) {
        received.kind = Received::Kind::whole;
        received.body = bodies_[index];
        ++counters_.completed;
    }
    return received;
}

BlockTransfers::Received BlockTransfers::refuse(const Block& block, Code code) {
    Received received{.code = code, .block1 = block};
    received.block1->szx = std::min(block.szx, limits_.szx);
    if (code == Code::request_entity_too_large) {
        received.block1->szx = block.szx;  // a smaller size here would say that smaller blocks help (RFC 7959 2.9.3)
        received.size1 = static_cast<std::uint32_t>(limits_.body_bytes);
        ++counters_.too_large;
    } else if (code != Code::service_unavailable) {
        ++counters_.broken;
    }
    return received;
}

void BlockTransfers::finish(base::Time now, const TransferKey& key, Code code, std::uint32_t note) {
    const auto index = find(Role::receive, key);
    if (index == base::no_index || !transfers_[index].receiver.complete()) return;
    transfers_[index].receiver.finish(code);
    transfers_[index].note = note;
    clear_body(index);
    touch(now, index, Queue::finished);
}

BlockTransfers::Served BlockTransfers::serve(base::Time now, const TransferKey& key, base::Bytes body,
                                             std::uint32_t content_format, const std::optional<Block>& wanted) {
    expire(now);
    Served served{.answer = answer_block2(body, wanted, limits_.szx), .content_format = content_format};
    if (served.answer.block2) served.etag = fingerprint(body);
    end_if_any(Role::serve, key);
    if (!served.answer.block2 || !served.answer.block2->more) return served;

    if (body.size() > limits_.body_bytes) {
        ++counters_.too_large;
        return served;
    }
    const auto index = take(now, Role::serve, key);
    if (index == base::no_index) return served;
    if (!append(index, body)) {
        end(index);
        return served;
    }
    transfers_[index].digest = served.etag;
    transfers_[index].content_format = content_format;
    return served;
}

std::optional<BlockTransfers::Served> BlockTransfers::serve_held(base::Time now, const TransferKey& key,
                                                                 const Block& wanted) {
    expire(now);
    const auto index = find(Role::serve, key);
    if (index == base::no_index || wanted.number == 0) return std::nullopt;
    const Transfer& transfer = transfers_[index];
    const Served served{.answer = answer_block2(bodies_[index], wanted, limits_.szx),
                        .etag = transfer.digest,
                        .content_format = transfer.content_format};
    const bool last = served.answer.block2 && !served.answer.block2->more;
    if (last && transfer.queue == Queue::under_way) ++counters_.completed;
    touch(now, index, last ? Queue::served : transfer.queue);
    return served;
}

BlockTransfers::Fetched BlockTransfers::fetch(base::Time now, const TransferKey& key, const MessageView& response) {
    using Kind = Block2Fetcher::Step::Kind;
    expire(now);
    std::uint32_t index = find(Role::fetch, key);
    Block2Fetcher fetcher = index == base::no_index ? Block2Fetcher{} : transfers_[index].fetcher;
    const auto step = fetcher.on_response(response, limits_.body_bytes);
    if (step.kind == Kind::broken) {
        ++counters_.broken;
        end_if_any(Role::fetch, key);
        return {};
    }
    if (index == base::no_index) {
        if (step.kind == Kind::complete) return {.kind = Kind::complete, .body = step.bytes};
        index = take(now, Role::fetch, key);
        if (index == base::no_index) return {};
    }
    transfers_[index].fetcher = fetcher;
    if (step.kind == Kind::restart) {
        clear_body(index);
        ++counters_.replaced;
    }
    if (!append(index, step.bytes)) {
        end(index);
        return {};
    }
    if (step.kind != Kind::complete) {
        touch(now, index, Queue::under_way);
        return {.kind = step.kind, .ask = fetcher.next()};
    }
    ++counters_.completed;
    bytes_held_ -= bodies_[index].capacity();
    bytes_held_ += fetched_.capacity();
    fetched_.swap(bodies_[index]);
    end(index);
    return {.kind = Kind::complete, .body = fetched_};
}

void BlockTransfers::drop_fetch(const TransferKey& key) { end_if_any(Role::fetch, key); }

void BlockTransfers::expire(base::Time now) {
    for (const auto queue : {Queue::under_way, Queue::served, Queue::finished}) {
        const auto& oldest = ends(queue).oldest;
        while (oldest != base::no_index && transfers_[oldest].expires <= now) {
            if (queue == Queue::under_way) ++counters_.expired;
            end(oldest);
        }
    }
}

base::Time BlockTransfers::next_expiry() const {
    base::Time next = base::never;
    for (const auto& queue : ends_) {
        if (queue.oldest != base::no_index) next = std::min(next, transfers_[queue.oldest].expires);
    }
    return next;
}

std::uint32_t BlockTransfers::bucket(Role role, const TransferKey& key) const {
    const auto hash = base::mix(base::mix(key.peer + static_cast<std::uint64_t>(role)) ^ key.resource);
    return static_cast<std::uint32_t>(hash & (buckets_.capacity() - 1));
}

std::uint32_t BlockTransfers::find(Role role, const TransferKey& key) const {
    std::uint32_t index = buckets_[bucket(role, key)] - 1;
    while (index != base::no_index && !(transfers_[index].role == role && transfers_[index].key == key)) {
        index = transfers_[index].in_bucket;
    }
    return index;
}

std::uint32_t BlockTransfers::take(base::Time now, Role role, const TransferKey& key) {
    for (const auto queue : {Queue::finished, Queue::served}) {
        const bool full = transfers_.in_use() == transfers_.capacity();
        if (full && ends(queue).oldest != base::no_index) end(ends(queue).oldest);
    }
    const std::uint32_t index = transfers_.take();
    if (index == base::no_index) {
        ++counters_.no_room;
        return index;
    }
    if (bodies_.size() <= index) bodies_.resize(index + 1);
    Transfer& transfer = transfers_[index];
    transfer.key = key;
    transfer.role = role;
    transfer.expires = now + limits_.lifetime;
    const auto place = bucket(role, key);
    transfer.in_bucket = buckets_[place] - 1;
    buckets_[place] = index + 1;
    link(index, Queue::under_way);
    ++counters_.started;
    return index;
}

void BlockTransfers::end_if_any(Role role, const TransferKey& key) {
    const auto index = find(role, key);
    if (index == base::no_index) return;
    if (transfers_[index].queue == Queue::under_way) ++counters_.replaced;
    end(index);
}

void BlockTransfers::end(std::uint32_t index) {
    clear_body(index);
    unlink(index);
    const Transfer& transfer = transfers_[index];
    const auto place = bucket(transfer.role, transfer.key);
    if (buckets_[place] == index + 1) {
        buckets_[place] = transfer.in_bucket + 1;
    } else {
        std::uint32_t before = buckets_[place] - 1;
        while (transfers_[before].in_bucket != index) before = transfers_[before].in_bucket;
        transfers_[before].in_bucket = transfer.in_bucket;
    }
    transfers_.give_back(index);
}

void BlockTransfers::touch(base::Time now, std::uint32_t index, Queue queue) {
    unlink(index);
    transfers_[index].expires = now + limits_.lifetime;
    link(index, queue);
}

// The queues are in the order of expiry: the lifetime is the same for all.
void BlockTransfers::link(std::uint32_t index, Queue queue) {
    Transfer& transfer = transfers_[index];
    Ends& end_points = ends(queue);
    transfer.queue = queue;
    transfer.newer = base::no_index;
    transfer.older = end_points.newest;
    (transfer.older == base::no_index ? end_points.oldest : transfers_[transfer.older].newer) = index;
    end_points.newest = index;
}

void BlockTransfers::unlink(std::uint32_t index) {
    const Transfer& transfer = transfers_[index];
    Ends& end_points = ends(transfer.queue);
    (transfer.older == base::no_index ? end_points.oldest : transfers_[transfer.older].newer) = transfer.newer;
    (transfer.newer == base::no_index ? end_points.newest : transfers_[transfer.newer].older) = transfer.older;
}

bool BlockTransfers::append(std::uint32_t index, base::Bytes bytes) {
    auto& body = bodies_[index];
    const std::size_t wanted = body.size() + bytes.size();
    if (wanted > body.capacity()) {
        const std::size_t before = body.capacity();
        const std::size_t capacity = std::max(std::bit_ceil(wanted), std::size_t{1024});
        if (!make_room(capacity - before)) {
            ++counters_.no_room;
            return false;
        }
        body.reserve(capacity);
        bytes_held_ += body.capacity() - before;
    }
    body.insert(body.end(), bytes.begin(), bytes.end());
    return true;
}

// Bodies that are held only for a repeated last block go first, the oldest of them first.
bool BlockTransfers::make_room(std::uint64_t bytes) {
    while (bytes_held_ + bytes > limits_.total_bytes) {
        if (ends(Queue::served).oldest == base::no_index) return false;
        end(ends(Queue::served).oldest);
    }
    return true;
}

void BlockTransfers::clear_body(std::uint32_t index) {
    auto& body = bodies_[index];
    body.clear();
    if (body.capacity() <= kept_capacity && bytes_held_ <= limits_.total_bytes / kept_part) return;
    bytes_held_ -= body.capacity();
    std::vector<std::uint8_t>().swap(body);
}

}  // namespace coap
