#include "metrics/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace metrics {
namespace {

using Outcome = base::Result<void, std::string>;

Outcome failure(const char* what, const std::string& path, int error) {
    return tl::unexpected(fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

// 0, or the errno of what went wrong. A regular file is synced, so that a full disk shows itself now and not after the
// rename.
int write_all(int fd, std::string_view content, bool sync) {
    while (!content.empty()) {
        const auto n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    if (sync && ::fsync(fd) != 0) return errno;
    return 0;
}

int write_to(const std::string& path, int flags, std::string_view content, bool sync) {
    const int fd = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return errno;
    const int error = write_all(fd, content, sync);
    if (::close(fd) != 0 && error == 0) return errno;
    return error;
}

// So that the new name survives a power cut too. Some file systems cannot; the content is whole anyway.
void sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

}  // namespace

Outcome write_file_atomically(const std::string& path, std::string_view content) {
    struct stat there {};
    if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        const int error = write_to(path, 0, content, false);
        return error == 0 ? Outcome() : failure("cannot write", path, error);
    }
    const auto temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    if (const int error = write_to(temporary, O_CREAT | O_TRUNC, content, true); error != 0) {
        ::unlink(temporary.c_str());
        return failure("cannot write", path, error);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return failure("cannot rename the finished file", path, error);
    }
    sync_folder_of(path);
    return {};
}

}  // namespace metrics
