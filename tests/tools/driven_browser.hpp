#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"
#include "tests/tools/browser.hpp"

namespace lorafleet::tests {

/// One page in a headless Chromium that does as it is told, over the two pipes of
/// --remote-debugging-pipe: messages of JSON that end with a zero byte. Throws where the browser
/// does not answer within a minute.
class DrivenBrowser {
 public:
  /// `hash` comes after the page's address.
  explicit DrivenBrowser(const std::filesystem::path& page, const std::string& hash = "") {
    start();
    const auto target = call("Target.createTarget", {{"url", "about:blank"}});
    session_ =
        call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}})
            .at("sessionId");
    call("Page.navigate", {{"url", "file://" + page.string() + hash}});
    for (int i = 0; i < 600 && evaluate("document.documentElement.dataset.ready") != "1"; ++i)
      ::usleep(100'000);
  }
  ~DrivenBrowser() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(to_);
    ::close(from_);
  }
  DrivenBrowser(const DrivenBrowser&) = delete;
  DrivenBrowser& operator=(const DrivenBrowser&) = delete;

  /// What an expression of JavaScript comes to; null where it throws.
  nlohmann::json evaluate(const std::string& expression) {
    const auto answer =
        call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
    return answer.at("result").value("value", nlohmann::json());
  }
  void resize(int width, int height) {
    call("Emulation.setDeviceMetricsOverride",
         {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
  }
  /// Where files go that the page offers.
  void save_into(const std::filesystem::path& folder) {
    call("Page.setDownloadBehavior", {{"behavior", "allow"}, {"downloadPath", folder.string()}});
  }
  /// Presses and lets go "Tab", "Enter" or "Space".
  void press(const std::string& name) {
    nlohmann::json key = {{"type", "rawKeyDown"},
                          {"key", name},
                          {"code", name},
                          {"windowsVirtualKeyCode", name == "Tab"     ? 9
                                                    : name == "Enter" ? 13
                                                                      : 32}};
    if (name != "Tab") {
      key["type"] = "keyDown";
      key["text"] = name == "Enter" ? "\r" : " ";
    }
    if (name == "Space") key["key"] = " ";
    call("Input.dispatchKeyEvent", key);
    key["type"] = "keyUp";
    key.erase("text");
    call("Input.dispatchKeyEvent", key);
  }

 private:
  void start() {
    std::array<int, 2> commands{};
    std::array<int, 2> answers{};
    if (::pipe2(commands.data(), O_CLOEXEC) != 0 || ::pipe2(answers.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    // Away from 3 and 4, which the browser looks at.
    const int read_end = ::fcntl(commands[0], F_DUPFD_CLOEXEC, 20);
    const int write_end = ::fcntl(answers[1], F_DUPFD_CLOEXEC, 20);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, read_end, 3);
    ::posix_spawn_file_actions_adddup2(&actions, write_end, 4);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::vector<std::string> texts = {browser(),
                                      "--headless",
                                      "--no-sandbox",
                                      "--disable-gpu",
                                      "--disable-dev-shm-usage",
                                      "--remote-debugging-pipe",
                                      "--user-data-dir=" + (folder_ / "profile").string()};
    std::vector<char*> argv;
    for (auto& text : texts)
      argv.push_back(text.data());
    argv.push_back(nullptr);
    const int failed = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    for (const int end : {commands[0], answers[1], read_end, write_end})
      ::close(end);
    to_ = commands[1];
    from_ = answers[0];
    if (failed != 0) throw std::runtime_error("cannot start " + texts[0]);
  }

  nlohmann::json call(const std::string& method, const nlohmann::json& parameters) {
    nlohmann::json message = {{"id", ++id_}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    const std::string bytes = message.dump() + '\0';
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t wrote = ::write(to_, bytes.data() + sent, bytes.size() - sent);
      if (wrote <= 0) throw std::runtime_error("the browser is gone");
      sent += static_cast<std::size_t>(wrote);
    }
    while (true) {
      const auto answer = nlohmann::json::parse(next_message());
      if (answer.value("id", 0) != id_) continue;  // an event
      if (answer.contains("error")) throw std::runtime_error(method + ": " + answer.dump());
      return answer.at("result");
    }
  }

  std::string next_message() {
    while (true) {
      const auto end = received_.find('\0');
      if (end != received_.npos) {
        std::string message = received_.substr(0, end);
        received_.erase(0, end + 1);
        return message;
      }
      pollfd ready{from_, POLLIN, 0};
      std::array<char, 1 << 16> buffer{};
      if (::poll(&ready, 1, 60'000) != 1) throw std::runtime_error("the browser does not answer");
      const ssize_t got = ::read(from_, buffer.data(), buffer.size());
      if (got <= 0) throw std::runtime_error("the browser is gone");
      received_.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  TemporaryFolder folder_;
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int id_ = 0;
  std::string session_;
  std::string received_;
};

}  // namespace lorafleet::tests
