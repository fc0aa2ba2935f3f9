// DtlsServerTransport, the part about other fronts of the same server: a session that began at one of them is resumed
// at another, where the client's new address leads (RFC 5246 F.1.4).
//
// The id of a session names the place where it began, its home. Whoever resumes it elsewhere borrows its secrets there
// and makes a session of his own, a guest; the home keeps what may be resumed, and notes where the guest is, so that
// one client has one live session. Only handshakes come here: records never wait for another thread.
#include <utility>

#include "simulator/net/dtls_server_transport.h"

namespace net {
namespace {

constexpr unsigned place_bits = 24;

}  // namespace

std::uint32_t DtlsServerTransport::first_name_of(std::uint8_t front) { return std::uint32_t{front} << place_bits; }

void DtlsServerTransport::join(std::vector<DtlsServerTransport*> fronts) { fronts_ = std::move(fronts); }

DtlsServerTransport* DtlsServerTransport::front_of(std::uint32_t name) const {
    const std::size_t front = name >> place_bits;
    return front < fronts_.size() ? fronts_[front] : nullptr;
}

std::unique_lock<std::mutex> DtlsServerTransport::lock_shared() {
    return fronts_.empty() ? std::unique_lock<std::mutex>() : std::unique_lock(shared_);
}

std::optional<DtlsServerTransport::Loan> DtlsServerTransport::borrow(base::Bytes session_id) {
    if (session_id.size() != max_session_id) return std::nullopt;
    auto* const home = front_of(static_cast<std::uint32_t>(*base::Reader(session_id).take_uint(4)));
    if (home == nullptr || home == this) return std::nullopt;
    const auto lock = home->lock_shared();
    const std::uint32_t place = home->find_resumable(session_id);
    if (place == base::no_index) return std::nullopt;
    return Loan{home->sessions_[place].resumable, home->sessions_[place].proven};
}

// What the handshake has come to is for this and the other fronts to resume.
void DtlsServerTransport::keep(std::uint32_t place, const Handshake& handshake, PeerMark proven) {
    Session& session = sessions_[place];
    const auto& agreed = handshake.state.resumable();
    const bool lent = handshake.lent != 0;
    std::uint32_t before = base::no_index;
    {
        const auto lock = lock_shared();
        session.proven = proven;
        session.resumable = handshake.state.extended() && !lent ? agreed : ResumableSession{};
        before = std::exchange(session.guest, base::no_index);
    }
    session.home = base::no_index;
    if (lent) {
        session.home = static_cast<std::uint32_t>(*base::Reader(agreed.id_view()).take_uint(4));
        front_of(session.home)->note_guest(agreed.id_view(), name_of(place));
    } else if (handshake.state.resumed() && before != base::no_index) {
        front_of(before)->tell({.place = before, .home = name_of(place)});
    }
}

// From the front of the guest.
void DtlsServerTransport::note_guest(base::Bytes session_id, std::uint32_t guest) {
    std::uint32_t before = base::no_index;
    const auto home = static_cast<std::uint32_t>(*base::Reader(session_id).take_uint(4));
    {
        const auto lock = lock_shared();
        const std::uint32_t place = find_resumable(session_id);
        if (place == base::no_index) return;
        before = std::exchange(sessions_[place].guest, guest);
    }
    if (before != base::no_index && before != guest) front_of(before)->tell({.place = before, .home = home});
    tell({.place = home, .home = base::no_index});
}

bool DtlsServerTransport::has_guest(std::uint32_t place) {
    const auto lock = lock_shared();
    return sessions_[place].guest != base::no_index;
}

void DtlsServerTransport::tell(const Letter& letter) {
    const auto lock = lock_shared();
    letters_.push_back(letter);
    letters_wait_.store(true, std::memory_order_release);
}

void DtlsServerTransport::read_letters() {
    if (!letters_wait_.load(std::memory_order_acquire)) return;
    std::vector<Letter> letters;
    {
        const auto lock = lock_shared();
        letters.swap(letters_);
        letters_wait_.store(false, std::memory_order_relaxed);
    }
    for (const auto& letter : letters) {
        const std::uint32_t place = letter.place - first_name_;
        if (place >= places_ || sessions_[place].kind != Kind::live) continue;
        if (letter.home != base::no_index) {
            if (sessions_[place].home == letter.home) end_session(place, Kind::blank);
        } else if (has_guest(place)) {
            end_session(place, Kind::kept);
        }
    }
}

}  // namespace net
