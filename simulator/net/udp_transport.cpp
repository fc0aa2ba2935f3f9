#include "simulator/net/udp_transport.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// Behind <netinet/in.h>, which it extends.
#include <linux/errqueue.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <asio/posix/stream_descriptor.hpp>

#include "simulator/net/steering.h"

namespace net {
namespace {

constexpr std::size_t batch = 64;
constexpr int wanted_buffer = 4 << 20;
constexpr int send_retries = 20;
constexpr int send_wait_ms = 5;

// Room for IPV6_PKTINFO (20 bytes) and SO_RXQ_OVFL (4 bytes), the largest set that arrives.
constexpr std::size_t control_size = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t));

struct Lane {
    std::array<mmsghdr, batch> headers{};
    std::array<iovec, batch> vectors{};
    std::array<sockaddr_in6, batch> names{};
    alignas(cmsghdr) std::array<std::array<char, control_size>, batch> controls{};
};

socklen_t fill(sockaddr_in6& storage, const Address& address) {
    if (address.v6) {
        storage = {};
        storage.sin6_family = AF_INET6;
        storage.sin6_port = htons(address.port);
        std::memcpy(&storage.sin6_addr, address.ip.data(), 16);
        return sizeof(sockaddr_in6);
    }
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.data(), 4);
    return sizeof(sockaddr_in);
}

Address read(const sockaddr_in6& storage) {
    Address address;
    if (storage.sin6_family == AF_INET6) {
        address.v6 = true;
        std::memcpy(address.ip.data(), &storage.sin6_addr, 16);
        address.port = ntohs(storage.sin6_port);
    } else {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
        std::memcpy(address.ip.data(), &v4.sin_addr, 4);
        address.port = ntohs(v4.sin_port);
    }
    return address;
}

template <class T>
void put_control(msghdr& header, char* control, int level, int type, const T& value) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(sizeof value);
    cmsghdr* const entry = CMSG_FIRSTHDR(&header);
    entry->cmsg_level = level;
    entry->cmsg_type = type;
    entry->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(entry), &value, sizeof value);
}

void put_source(msghdr& header, char* control, const Address& source) {
    if (source.v6) {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, source.ip.data(), 16);
        put_control(header, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, source.ip.data(), 4);
        put_control(header, control, IPPROTO_IP, IP_PKTINFO, info);
    }
}

struct Arrival {
    Address local;
    std::optional<std::uint32_t> overruns;  // since the socket was opened
};

Arrival read_controls(msghdr& header) {
    Arrival arrival;
    for (cmsghdr* entry = CMSG_FIRSTHDR(&header); entry != nullptr; entry = CMSG_NXTHDR(&header, entry)) {
        if (entry->cmsg_level == IPPROTO_IP && entry->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(entry), sizeof info);
            std::memcpy(arrival.local.ip.data(), &info.ipi_addr, 4);
        } else if (entry->cmsg_level == IPPROTO_IPV6 && entry->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(entry), sizeof info);
            std::memcpy(arrival.local.ip.data(), &info.ipi6_addr, 16);
            arrival.local.v6 = true;
        } else if (entry->cmsg_level == SOL_SOCKET && entry->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t overruns = 0;
            std::memcpy(&overruns, CMSG_DATA(entry), sizeof overruns);
            arrival.overruns = overruns;
        }
    }
    return arrival;
}

void ask_buffer(int fd, int forced, int polite) {
    if (setsockopt(fd, SOL_SOCKET, forced, &wanted_buffer, sizeof wanted_buffer) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, polite, &wanted_buffer, sizeof wanted_buffer);
    }
}

// Of an address that several sockets have. Nobody else's port is taken: the first socket is bound before it shares.
enum class Shares : std::uint8_t { nothing, once_bound, from_the_start };

struct Wanted {
    Address bind_to;  // an unspecified address is a wildcard
    bool source_addresses = false;
    Shares shares = Shares::nothing;
};

tl::expected<int, SocketError> open_socket(const Wanted& wanted) {
    const bool v6 = wanted.bind_to.v6;
    const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        return tl::unexpected(SocketError{
            fmt::format("cannot open a UDP socket: {}; {} file descriptors are allowed (raise it with ulimit -n)",
                        std::strerror(errno), limit.rlim_cur)});
    }
    const int on = 1;
    ask_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    ask_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    if (v6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
        if (wanted.source_addresses) {
            setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
            setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
        }
    } else {
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
        // RFC 7252 4.6: a message fits one packet. None is fragmented, so the kernel need not number them either.
        const int probe = IP_PMTUDISC_PROBE;
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
        if (wanted.source_addresses) setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    }
    if (wanted.shares == Shares::from_the_start) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in6 name{};
    const socklen_t size = fill(name, wanted.bind_to);
    if (bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0) {
        const int error = errno;
        close(fd);
        const bool in_use = error == EADDRINUSE;
        return tl::unexpected(
            SocketError{fmt::format("cannot listen on UDP {}: {}{}", to_string(wanted.bind_to), std::strerror(error),
                                    in_use ? "; another program has that port, choose another one or stop it" : ""),
                        in_use});
    }
    if (wanted.shares == Shares::once_bound) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    return fd;
}

}  // namespace

struct UdpTransport::Impl {
    struct Socket {
        asio::posix::stream_descriptor descriptor;
        Address local;
        std::uint32_t overruns = 0;
        bool readable = false;
    };

    Impl(asio::io_context& io_context, std::optional<AddressPlan> address_plan)
        : io(io_context), plan(address_plan), memory(new std::uint8_t[batch * max_datagram]) {
        packets.reserve(batch);
        by_socket.reserve(256);
    }

    void add(int fd) {
        sockaddr_in6 name{};
        socklen_t size = sizeof name;
        getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
        sockets.push_back({asio::posix::stream_descriptor(io, fd), read(name)});
    }

    // Which of its addresses the device has now.
    std::uint32_t bank_of(std::uint32_t device) const { return banks.empty() ? 0 : banks[device]; }

    void watch(std::size_t index) {
        sockets[index].descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                             [this, index](const asio::error_code& error) {
                                                 if (error) return;
                                                 sockets[index].readable = true;
                                                 ready.push_back(index);
                                                 readable();
                                             });
    }

    void send_run(int fd, std::span<const Packet* const> run);
    bool wait_for_room(int fd);
    void drain_errors(int fd);
    std::span<const Packet> receive_from(std::size_t index);

    asio::io_context& io;
    std::optional<AddressPlan> plan;  // none: a server's one socket
    std::vector<Socket> sockets;
    std::vector<std::size_t> ready;  // sockets that may have something waiting
    std::function<void()> readable;
    std::unique_ptr<Lane> out = std::make_unique<Lane>();
    std::unique_ptr<Lane> in = std::make_unique<Lane>();
    std::unique_ptr<std::uint8_t[]> memory;
    std::vector<Packet> packets;
    std::vector<const Packet*> by_socket;
    std::vector<std::uint8_t> banks;  // by device; empty until the first one gets another address
    Steering steering;                // of a server's sockets
    std::uint32_t number = 0;         // of this one among them
    TransportCounts counts;
};

UdpTransport::UdpTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpTransport::~UdpTransport() = default;

tl::expected<std::unique_ptr<UdpTransport>, SocketError> UdpTransport::open(asio::io_context& io,
                                                                            const AddressPlan& plan) {
    auto impl = std::make_unique<Impl>(io, plan);
    const std::uint32_t sockets = plan.kind == AddressPlan::Kind::ports ? plan.devices : plan.sockets;
    for (std::uint32_t i = 0; i < sockets; ++i) {
        Address any;
        any.v6 = plan.first.v6;
        const auto fd = open_socket({.bind_to = any, .source_addresses = true});
        if (!fd) return tl::unexpected(fd.error());
        impl->add(*fd);
    }
    return std::unique_ptr<UdpTransport>(new UdpTransport(std::move(impl)));
}

tl::expected<std::unique_ptr<UdpTransport>, SocketError> UdpTransport::open_server(asio::io_context& io,
                                                                                   const Address& local) {
    auto impl = std::make_unique<Impl>(io, std::nullopt);
    const auto fd = open_socket({.bind_to = local, .source_addresses = false});
    if (!fd) return tl::unexpected(fd.error());
    impl->add(*fd);
    return std::unique_ptr<UdpTransport>(new UdpTransport(std::move(impl)));
}

tl::expected<std::vector<std::unique_ptr<UdpTransport>>, SocketError> UdpTransport::open_server(
    std::span<asio::io_context* const> ios, const Address& local) {
    std::vector<std::unique_ptr<UdpTransport>> sockets;
    const Steering steering(static_cast<std::uint32_t>(ios.size()));
    Wanted wanted{.bind_to = local, .source_addresses = false, .shares = Shares::once_bound};
    for (std::uint32_t i = 0; i < ios.size(); ++i) {
        auto impl = std::make_unique<Impl>(*ios[i], std::nullopt);
        const auto fd = open_socket(wanted);
        if (!fd) return tl::unexpected(fd.error());
        impl->add(*fd);
        impl->steering = steering;
        impl->number = i;
        wanted = {.bind_to = impl->sockets[0].local, .source_addresses = false, .shares = Shares::from_the_start};
        sockets.push_back(std::unique_ptr<UdpTransport>(new UdpTransport(std::move(impl))));
    }
    if (!steering.attach(sockets[0]->impl_->sockets[0].descriptor.native_handle(), local.v6)) {
        return tl::unexpected(
            SocketError{fmt::format("the kernel does not steer datagrams between {} sockets at UDP "
                                    "{}: {}; have the server take them in on one thread",
                                    ios.size(), to_string(local), std::strerror(errno))});
    }
    return sockets;
}

void UdpTransport::on_readable(std::function<void()> readable) {
    impl_->readable = std::move(readable);
    for (std::size_t i = 0; i < impl_->sockets.size(); ++i) impl_->watch(i);
}

void UdpTransport::close() {
    for (auto& socket : impl_->sockets) socket.descriptor.close();
}

void UdpTransport::send(base::Time, std::span<const Packet> packets) {
    Impl& impl = *impl_;
    if (!impl.plan) {
        impl.by_socket.clear();
        for (const auto& packet : packets) impl.by_socket.push_back(&packet);
        impl.send_run(impl.sockets[0].descriptor.native_handle(), impl.by_socket);
        return;
    }
    if (impl.plan->kind == AddressPlan::Kind::ports) {
        for (const auto& packet : packets) {
            const Packet* const one = &packet;
            impl.send_run(impl.sockets[impl.plan->socket_of(packet.local)].descriptor.native_handle(), {&one, 1});
        }
        return;
    }
    // Packets of one socket go together; their order is kept.
    std::size_t done = 0;
    std::uint32_t socket = packets.empty() ? 0 : impl.plan->socket_of(packets[0].local);
    for (const auto first = socket; done < packets.size();) {
        impl.by_socket.clear();
        std::uint32_t next = no_device;
        for (const auto& packet : packets) {
            const auto its = impl.plan->socket_of(packet.local);
            if (its == socket) impl.by_socket.push_back(&packet);
            // Ascending from the first one's socket, wrapping around: each socket is visited once.
            if (((its - first) % impl.sockets.size()) > ((socket - first) % impl.sockets.size()) &&
                (next == no_device || ((its - first) % impl.sockets.size()) < ((next - first) % impl.sockets.size()))) {
                next = its;
            }
        }
        impl.send_run(impl.sockets[socket].descriptor.native_handle(), impl.by_socket);
        done += impl.by_socket.size();
        socket = next;
    }
}

void UdpTransport::Impl::send_run(int fd, std::span<const Packet* const> run) {
    while (!run.empty()) {
        const std::size_t count = std::min(run.size(), batch);
        for (std::size_t i = 0; i < count; ++i) {
            const Packet& packet = *run[i];
            out->vectors[i] = {const_cast<std::uint8_t*>(packet.bytes.data()), packet.bytes.size()};
            msghdr& header = out->headers[i].msg_hdr;
            header = {};
            header.msg_name = &out->names[i];
            header.msg_namelen = fill(out->names[i], packet.remote);
            header.msg_iov = &out->vectors[i];
            header.msg_iovlen = 1;
            if (plan) {
                const auto bank = bank_of(packet.local);
                put_source(header, out->controls[i].data(), plan->address_of(packet.local, bank));
            }
        }
        std::size_t gone = 0;
        int retries = 0;
        while (gone < count) {
            const int sent = sendmmsg(fd, &out->headers[gone], static_cast<unsigned>(count - gone), 0);
            if (sent > 0) {
                for (std::size_t i = gone; i < gone + static_cast<std::size_t>(sent); ++i)
                    counts.sent_bytes += run[i]->bytes.size();
                counts.sent += static_cast<std::size_t>(sent);
                gone += static_cast<std::size_t>(sent);
                continue;
            }
            if (errno == EINTR) continue;
            if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH) {
                // The news of an earlier datagram; this one has not been tried yet.
                drain_errors(fd);
                if (++retries <= send_retries) continue;
            } else if ((errno == EAGAIN || errno == ENOBUFS) && ++retries <= send_retries && wait_for_room(fd)) {
                continue;
            }
            ++counts.send_refused;
            ++gone;
            retries = 0;
        }
        run = run.subspan(count);
    }
}

bool UdpTransport::Impl::wait_for_room(int fd) {
    pollfd waiting{fd, POLLOUT, 0};
    (void)poll(&waiting, 1, send_wait_ms);
    return true;
}

void UdpTransport::Impl::drain_errors(int fd) {
    std::array<std::uint8_t, 64> quoted{};
    alignas(cmsghdr) std::array<char, 512> control{};
    for (;;) {
        iovec vector{quoted.data(), quoted.size()};
        msghdr header{};
        header.msg_iov = &vector;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
        ++counts.unreachable;
    }
}

std::span<const Packet> UdpTransport::receive(base::Time) {
    Impl& impl = *impl_;
    while (!impl.ready.empty()) {
        const std::size_t index = impl.ready.front();
        const auto found = impl.receive_from(index);
        if (!found.empty()) {
            // The next batch comes from the next socket, so that a busy one does not starve the others.
            if (impl.ready.size() > 1 && impl.sockets[index].readable) {
                impl.ready.erase(impl.ready.begin());
                impl.ready.push_back(index);
            }
            return found;
        }
        impl.ready.erase(impl.ready.begin());
        impl.watch(index);
    }
    return {};
}

std::span<const Packet> UdpTransport::Impl::receive_from(std::size_t index) {
    Socket& socket = sockets[index];
    const int fd = socket.descriptor.native_handle();
    packets.clear();
    while (packets.empty() && socket.readable) {
        for (std::size_t i = 0; i < batch; ++i) {
            in->vectors[i] = {memory.get() + i * max_datagram, max_datagram};
            msghdr& header = in->headers[i].msg_hdr;
            header = {};
            header.msg_name = &in->names[i];
            header.msg_namelen = sizeof in->names[i];
            header.msg_iov = &in->vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = in->controls[i].data();
            header.msg_controllen = control_size;
        }
        const int count = recvmmsg(fd, in->headers.data(), batch, MSG_DONTWAIT, nullptr);
        if (count <= 0) {
            if (count < 0 && errno != EAGAIN && errno != EINTR) {
                drain_errors(fd);
                continue;
            }
            socket.readable = false;
            break;
        }
        if (static_cast<std::size_t>(count) < batch) socket.readable = false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            msghdr& header = in->headers[i].msg_hdr;
            const Arrival arrival = read_controls(header);
            if (arrival.overruns && *arrival.overruns != socket.overruns) {
                counts.receive_overruns += *arrival.overruns - socket.overruns;
                socket.overruns = *arrival.overruns;
            }
            if ((header.msg_flags & MSG_TRUNC) != 0) {
                ++counts.oversized;
                continue;
            }
            const std::size_t size = in->headers[i].msg_len;
            const base::Bytes bytes(memory.get() + i * max_datagram, size);
            const Address remote = read(in->names[i]);
            if (steering.sockets() > 1 && steering.of_datagram(bytes, remote) != number) {
                ++counts.misdirected;
                continue;
            }
            ++counts.received;
            counts.received_bytes += size;
            std::uint32_t local = 0;
            if (plan) {
                const auto place = plan->place_at(static_cast<std::uint32_t>(index), arrival.local);
                local = place && bank_of(place->device) == place->bank ? place->device : no_device;
            }
            packets.push_back({bytes, local, remote});
        }
    }
    return packets;
}

TransportCounts UdpTransport::counts() const { return impl_->counts; }

bool UdpTransport::rebind(std::uint32_t device) {
    const auto banks = impl_->plan->banks();
    if (banks < 2) return false;
    if (impl_->banks.empty()) impl_->banks.resize(impl_->plan->devices);
    impl_->banks[device] = static_cast<std::uint8_t>((impl_->banks[device] + 1) % banks);
    return true;
}

Address UdpTransport::local_address() const { return impl_->sockets[0].local; }

Address UdpTransport::device_address(std::uint32_t device) const {
    Address address = impl_->plan->address_of(device, impl_->bank_of(device));
    address.port = impl_->sockets[impl_->plan->socket_of(device)].local.port;
    return address;
}

std::size_t UdpTransport::receive_buffer() const {
    std::size_t least = SIZE_MAX;
    for (const auto& socket : impl_->sockets) {
        int size = 0;
        socklen_t length = sizeof size;
        // The kernel reports twice what was asked for: its own bookkeeping is in it.
        getsockopt(const_cast<asio::posix::stream_descriptor&>(socket.descriptor).native_handle(), SOL_SOCKET,
                   SO_RCVBUF, &size, &length);
        least = std::min(least, static_cast<std::size_t>(size) / 2);
    }
    return least;
}

}  // namespace net
