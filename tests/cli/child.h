// Child: the built program as a process of its own, its outputs in files, for tests of signals, limits and exit codes.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "program_fixture.h"

namespace cli {

class Child {
public:
    // Starts LWM2M_SIM_PROGRAM with these arguments; `shell` is run before by sh, as in "ulimit -n 64".
    explicit Child(const std::vector<std::string>& args, const std::string& shell = "true",
                   const std::string& out = "") {
        const std::string out_path = out.empty() ? folder_ / "out" : out;
        const std::string err_path = folder_ / "err";
        std::vector<std::string> words{"sh", "-c", shell + "; exec \"$@\"", "sh", LWM2M_SIM_PROGRAM};
        words.insert(words.end(), args.begin(), args.end());
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        pid_ = fork();
        if (pid_ != 0) return;
        const int out_fd = open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int err_fd = open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out_fd, STDOUT_FILENO);
        dup2(err_fd, STDERR_FILENO);
        execvp("sh", argv.data());
        _exit(127);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }

    void send(int signal) const { kill(pid_, signal); }

    // The exit code, or -1 when it was killed by a signal or is not done in time.
    int wait(std::chrono::seconds patience = std::chrono::seconds(30)) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        int status = 0;
        while (waitpid(pid_, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > deadline) return -1;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    // Waits until standard error says `part`.
    bool says(std::string_view part, std::chrono::seconds patience = std::chrono::seconds(20)) const {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (err().find(part) == std::string::npos) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return true;
    }

    std::string out() const { return content_of(folder_ / "out"); }
    std::string err() const { return content_of(folder_ / "err"); }

private:
    TemporaryFolder folder_;
    pid_t pid_ = -1;
};

}  // namespace cli
