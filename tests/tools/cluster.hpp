#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "partition/support/process.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet::tests {

/// What must not depend on where clients were trained.
struct RunBytes {
  std::string adapter;
  std::string events;
  std::string rounds;
  friend bool operator==(const RunBytes&, const RunBytes&) = default;
};

inline RunBytes run_bytes(const std::filesystem::path& run) {
  return {read_file(run / "adapter/adapter_model.safetensors"), read_file(run / "events.jsonl"),
          read_file(run / "rounds.csv")};
}

/// Polls until `holds`; false after `limit`.
inline bool wait_until(const std::function<bool()>& holds,
                       std::chrono::milliseconds limit = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

/// A head and its hosts as processes of their own, on a small scenario of real training.
class Cluster {
 public:
  using Arguments = std::vector<std::string>;

  explicit Cluster(Arguments sets = {}, int versions = 12) {
    sets_ = {"--set", "partition.clients=8",
             "--set", "clients.concurrency=6",
             "--set", "stop.versions=" + std::to_string(versions),
             "--set", "checkpoint.every_versions=2",
             "--set", "evaluation.every_versions=10"};
    sets_.insert(sets_.end(), sets.begin(), sets.end());
  }
  ~Cluster() {
    if (head_ && !head_->ended()) head_->signal(SIGKILL);
    for (auto& [name, host] : hosts_) {
      if (!host->ended()) host->signal(SIGKILL);
    }
    if (head_) head_->wait();
    for (auto& [name, host] : hosts_)
      host->wait();
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// The bytes of the run alone, where another cluster with the same arguments has them already.
  void expect(const RunBytes& bytes) { alone_ = bytes; }
  /// Of the same run on a process's own slots, which writes to path("alone").
  [[nodiscard]] Arguments alone_arguments() const { return arguments("--out", "alone"); }
  /// The same run on this process's own slots.
  const RunBytes& alone() {
    if (!alone_) {
      const auto output = run_program(alone_arguments());
      REQUIRE_MESSAGE(output.status == 0, output.err);
      alone_ = run_bytes(path("alone"));
    }
    return *alone_;
  }

  /// Starts the head; `how` is "--out" or "--resume". Port 0 asks for a free one, which is kept.
  void start_head(const std::string& how, Arguments more = {}, const Arguments& through = {},
                  const std::string& address = "127.0.0.1") {
    Arguments all = arguments(how, "run");
    all.insert(all.end(), {"--listen", address + ":" + std::to_string(port_), "--silence",
                           std::to_string(silence_)});
    all.insert(all.end(), more.begin(), more.end());
    if (head_) head_logs_ += head_->err();
    head_ = std::make_unique<Program>(all, "", through);
    REQUIRE_MESSAGE(wait_until([&] {
                      return head_->ended() ||
                             head_->err().find("listening on") != std::string::npos;
                    }),
                    head_->err());
    REQUIRE_MESSAGE(!head_->ended(), head_->err());
    const std::string err = head_->err();
    const std::string before = "listening on " + address + ":";
    const auto at = err.find(before);
    REQUIRE_MESSAGE(at != std::string::npos, err);
    port_ = std::stoi(err.substr(at + before.size()));
  }

  Program& start_host(const std::string& name, Arguments more = {}, const Arguments& through = {},
                      const std::string& address = "127.0.0.1") {
    Arguments all = {"host",
                     "--connect",
                     address + ":" + std::to_string(port_),
                     "--name",
                     name,
                     "--silence",
                     std::to_string(silence_)};
    if (std::find(more.begin(), more.end(), "--slots") == more.end())
      all.insert(all.end(), {"--slots", "1"});
    all.insert(all.end(), more.begin(), more.end());
    auto& host = hosts_[name];
    if (host && !host->ended()) {
      host->signal(SIGKILL);
      host->wait();
    }
    host = std::make_unique<Program>(all, "", through);
    return *host;
  }

  [[nodiscard]] Program& head() { return *head_; }
  [[nodiscard]] Program& host(const std::string& name) { return *hosts_.at(name); }
  [[nodiscard]] bool has_host(const std::string& name) {
    return hosts_.contains(name) && !hosts_.at(name)->ended();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return scenario_.path(name);
  }
  [[nodiscard]] std::string logs() const { return head_logs_ + head_->err(); }
  /// How often a text occurs in the head's logs.
  [[nodiscard]] int count(const std::string& text) const {
    const std::string all = logs();
    int found = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
      ++found;
    return found;
  }
  bool wait_for(const std::string& text, int times = 1,
                std::chrono::milliseconds limit = std::chrono::seconds(60)) const {
    return wait_until([&] { return count(text) >= times; }, limit);
  }

  /// Waits for the head's end and holds its bytes against those of the run alone.
  void check_equal() {
    REQUIRE_MESSAGE(wait_until([&] { return head_->ended(); }, std::chrono::seconds(180)), logs());
    const auto output = head_->wait();
    REQUIRE_MESSAGE(output.status == 0, logs());
    CHECK(run_bytes(path("run")) == alone());
  }

  void silence(double seconds) { silence_ = seconds; }

 private:
  [[nodiscard]] Arguments arguments(const std::string& how, const std::string& folder) const {
    Arguments all = {"run", scenario_.file(), how, scenario_.path(folder)};
    all.insert(all.end(), sets_.begin(), sets_.end());
    return all;
  }

  SmallScenario scenario_;
  Arguments sets_;
  std::optional<RunBytes> alone_;
  std::unique_ptr<Program> head_;
  std::map<std::string, std::unique_ptr<Program>> hosts_;
  std::string head_logs_;
  int port_ = 0;
  double silence_ = 2.0;
};

/// Certificates for a head, two hosts and one of another authority.
class Certificates {
 public:
  Certificates() {
    const std::string script = (source_folder() / "tools/make-certs.sh").string();
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{script, folder("ours"), "alpha", "beta"},
          {script, folder("others"), "alpha"}}) {
      const auto result = lorafleet::run_program(command, [](std::string_view) {});
      REQUIRE_MESSAGE(result.status == 0, result.errors);
    }
  }
  [[nodiscard]] std::vector<std::string> of(const std::string& name,
                                            const std::string& authority = "ours") const {
    const std::string at = folder(authority) + "/";
    return {"--cert", at + name + ".pem", "--key", at + name + ".key", "--ca", at + "ca.pem"};
  }
  [[nodiscard]] std::string folder(const std::string& authority) const {
    return (folder_ / authority).string();
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace lorafleet::tests
