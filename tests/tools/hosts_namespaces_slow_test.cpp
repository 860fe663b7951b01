#include <unistd.h>

#include "partition/support/error.hpp"
#include "tests/tools/cluster.hpp"

namespace lorafleet {
namespace {

using namespace std::chrono_literals;
using tests::Cluster;
using Arguments = std::vector<std::string>;

/// Whether a command did what it should.
bool did(const Arguments& command) {
  try {
    return lorafleet::run_program(command, [](std::string_view) {}).status == 0;
  } catch (const RuntimeFailure&) {
    return false;
  }
}

/// A head and two hosts, each with a network of its own, joined by veth pairs.
class Namespaces {
 public:
  Namespaces() : prefix_("lf" + std::to_string(::getpid() % 100000)) {
    usable_ = ip({"netns", "add", name("h")});
    for (const std::string host : {"a", "b"}) {
      const std::string net = "10.77." + std::string(host == "a" ? "1" : "2") + ".";
      usable_ = usable_ && ip({"netns", "add", name(host)}) &&
                ip({"-n", name("h"), "link", "add", "to_" + host, "type", "veth", "peer", "name",
                    "uplink", "netns", name(host)}) &&
                ip({"-n", name("h"), "addr", "add", net + "1/24", "dev", "to_" + host}) &&
                ip({"-n", name("h"), "link", "set", "to_" + host, "up"}) &&
                ip({"-n", name(host), "addr", "add", net + "2/24", "dev", "uplink"}) &&
                ip({"-n", name(host), "link", "set", "uplink", "up"});
    }
    usable_ = usable_ && ip({"-n", name("h"), "link", "set", "lo", "up"});
  }
  ~Namespaces() {
    for (const std::string part : {"h", "a", "b"})
      ip({"netns", "delete", name(part)});
  }
  Namespaces(const Namespaces&) = delete;
  Namespaces& operator=(const Namespaces&) = delete;

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] Arguments in(const std::string& part) const {
    return {"ip", "netns", "exec", name(part)};
  }
  void link(const std::string& host, bool up) const {
    REQUIRE(ip({"-n", name("h"), "link", "set", "to_" + host, up ? "up" : "down"}));
  }
  /// False where the kernel has no such queue.
  [[nodiscard]] bool shape(const std::string& host, const Arguments& how) const {
    bool all = true;
    for (const auto& [part, device] : {std::pair<std::string, std::string>{"h", "to_" + host},
                                       std::pair<std::string, std::string>{host, "uplink"}}) {
      Arguments command = {"tc", "-n", name(part), "qdisc", "replace", "dev", device, "root"};
      command.insert(command.end(), how.begin(), how.end());
      all = did(command) && all;
    }
    return all;
  }

 private:
  static bool ip(Arguments arguments) {
    arguments.insert(arguments.begin(), "ip");
    return did(arguments);
  }
  [[nodiscard]] std::string name(const std::string& part) const { return prefix_ + part; }

  std::string prefix_;
  bool usable_ = false;
};

TEST_CASE("three network namespaces, with TLS: a cut link, a slow one, and equal bytes") {
  const Namespaces networks;
  if (!networks.usable()) {
    MESSAGE("skipped: this needs root and the right to make network namespaces (iproute2)");
    return;
  }
  const tests::Certificates certificates;
  const auto start = [&](Cluster& cluster) {
    Arguments tls = certificates.of("head");
    tls.insert(tls.end(), {"--hosts", "2"});
    cluster.start_head("--out", tls, networks.in("h"), "0.0.0.0");
    cluster.start_host("alpha", certificates.of("alpha"), networks.in("a"), "10.77.1.1");
    cluster.start_host("beta", certificates.of("beta"), networks.in("b"), "10.77.2.1");
    REQUIRE_MESSAGE(cluster.wait_for("joined", 2), cluster.logs());
  };
  SUBCASE("undisturbed") {
    Cluster cluster;
    start(cluster);
    cluster.check_equal();
    CHECK(cluster.count("10.77.2.2") > 0);
  }
  SUBCASE("a link that is down for a while") {
    Cluster cluster({}, 60);
    start(cluster);
    networks.link("b", false);
    const auto cut = std::chrono::steady_clock::now();
    REQUIRE(cluster.wait_for("lost host beta"));
    MESSAGE("cut link noticed after "
            << std::chrono::duration<double>(std::chrono::steady_clock::now() - cut).count()
            << " s, with a silence of 2 s allowed");
    networks.link("b", true);
    REQUIRE_MESSAGE(cluster.wait_for("joined", 3), cluster.logs());
    cluster.check_equal();
  }
  SUBCASE("slow, far and lossy") {
    if (!networks.shape("a", {"tbf", "rate", "2mbit", "burst", "16kb", "latency", "400ms"})) {
      MESSAGE("skipped: this kernel cannot limit the rate of a link");
      return;
    }
    if (!networks.shape("b", {"netem", "delay", "80ms", "20ms", "loss", "5%"})) {
      MESSAGE("this kernel cannot delay a link: beta has a quick one");
    }
    Cluster cluster;
    start(cluster);
    cluster.check_equal();
    CHECK(cluster.count("lost host") == 0);
  }
}

}  // namespace
}  // namespace lorafleet
