#include <csignal>
#include <iterator>

#include "partition/support/random.hpp"
#include "tests/tools/cluster.hpp"

namespace lorafleet {
namespace {

using namespace std::chrono_literals;
using tests::Cluster;
using Arguments = std::vector<std::string>;

std::ptrdiff_t count_of(const std::string& part, const std::string& text) {
  std::ptrdiff_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

double seconds_until(const std::function<bool()>& holds) {
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(tests::wait_until(holds));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_CASE("rules that change the base and clients of several ranks work across hosts") {
  for (const Arguments& sets :
       {Arguments{"--set", "aggregation.mode=sync", "--set", "clients.per_round=4", "--set",
                  "aggregation.lora=fedex"},
        Arguments{"--set", "aggregation.mode=sync", "--set", "clients.per_round=4", "--set",
                  "aggregation.lora=fedsa"},
        Arguments{"--set", "network.compress_up=topk", "--set", "network.compress_down=int8"},
        Arguments{"--set", "aggregation.lora=product", "--set",
                  "lora.ranks=[{r=2,share=0.5},{r=8,share=0.5}]"}}) {
    CAPTURE(sets);
    Cluster cluster(sets, 6);
    cluster.start_head("--out", {"--hosts", "2"});
    cluster.start_host("one");
    cluster.start_host("two");
    cluster.check_equal();
  }
}

TEST_CASE("each kind of failure is noticed, and changes no byte") {
  Cluster cluster({}, 60);
  cluster.start_head("--out", {"--hosts", "2"});
  cluster.start_host("one");
  cluster.start_host("two");
  REQUIRE(cluster.wait_for("joined", 2));

  cluster.host("one").signal(SIGKILL);
  MESSAGE("killed host noticed after "
          << seconds_until([&] { return cluster.count("lost host one") == 1; }) << " s");
  cluster.start_host("three");
  REQUIRE(cluster.wait_for("joined", 3));

  cluster.host("two").signal(SIGSTOP);
  MESSAGE("stopped host noticed after " << seconds_until([&] {
            return cluster.count("lost host two") == 1;
          }) << " s, with a silence of 2 s allowed");
  cluster.host("two").signal(SIGCONT);
  MESSAGE("it is back after " << seconds_until([&] { return cluster.count("joined") == 4; })
                              << " s");

  cluster.host("three").signal(SIGTERM);
  MESSAGE("leaving host noticed after "
          << seconds_until([&] { return cluster.count("stopped by its user") == 1; }) << " s");
  CHECK(cluster.host("three").wait().status == 130);

  const auto calls = [&] { return count_of("trying again", cluster.host("two").err()); };
  const auto before = calls();
  cluster.head().signal(SIGKILL);
  MESSAGE("dead head noticed after " << seconds_until([&] { return calls() > before; }) << " s");
  cluster.head().wait();
  cluster.start_head("--resume");
  cluster.check_equal();
  CHECK(cluster.host("two").wait().status == 0);
}

TEST_CASE("a head that stood still does not blame its hosts") {
  Cluster cluster({}, 60);
  cluster.start_head("--out");
  cluster.silence(20);  // of the host
  cluster.start_host("one");
  REQUIRE(cluster.wait_for("joined"));
  cluster.head().signal(SIGSTOP);
  std::this_thread::sleep_for(3s);  // the head allows 2
  cluster.head().signal(SIGCONT);
  cluster.check_equal();
  CHECK(cluster.count("lost host") == 0);
}

bool has_checkpoint(const Cluster& cluster) {
  std::error_code none;
  const std::filesystem::directory_iterator begin(cluster.path("run/checkpoint"), none);
  return begin != std::filesystem::directory_iterator();
}

/// One schedule: faults at random moments, drawn from its number alone.
void run_schedule(Cluster& cluster, std::uint64_t number) {
  Random random(11, Purpose::schedule_test, number);
  const Arguments names = {"one", "two", "three"};
  const auto pick = [&]() -> const std::string& { return names[random.below(names.size())]; };
  cluster.start_head("--out", {"--hosts", "1"});
  cluster.start_host("one");
  cluster.start_host("two");
  std::map<std::string, bool> stopped;
  for (int fault = 0; fault < 6 && !cluster.head().ended(); ++fault) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random.below(900)));
    const std::string& name = pick();
    if (cluster.head().ended()) break;
    switch (random.below(5)) {
      case 0:
        if (cluster.has_host(name)) cluster.host(name).signal(SIGKILL);
        break;
      case 1:
        if (cluster.has_host(name)) {
          cluster.host(name).signal(stopped[name] ? SIGCONT : SIGSTOP);
          stopped[name] = !stopped[name];
        }
        break;
      case 2:
        if (cluster.has_host(name)) cluster.host(name).signal(SIGTERM);
        break;
      case 3:
        // However busy the machine is, most of the heads shall have something to resume from.
        tests::wait_until([&] { return cluster.head().ended() || has_checkpoint(cluster); }, 10s);
        cluster.head().signal(SIGKILL);
        cluster.head().wait();
        cluster.start_head(std::filesystem::exists(cluster.path("run/scenario.toml")) ? "--resume"
                                                                                      : "--out");
        break;
      default:
        stopped[name] = false;
        cluster.start_host(name);
    }
  }
  for (const auto& name : names) {
    if (cluster.has_host(name)) cluster.host(name).signal(SIGCONT);
  }
  if (!cluster.head().ended()) cluster.start_host("rescue");
  cluster.check_equal();
}

TEST_CASE("twenty random schedules of kills, stops, restarts and a head that dies: equal bytes") {
  int lost = 0;
  int resumed = 0;
  const tests::RunBytes alone = Cluster({}, 20).alone();
  for (std::uint64_t number = 0; number < 20; ++number) {
    CAPTURE(number);
    Cluster cluster({}, 20);
    cluster.expect(alone);
    cluster.silence(0.5);
    run_schedule(cluster, number);
    lost += cluster.count("lost host");
    resumed += cluster.count("resuming at version");
  }
  MESSAGE("hosts lost " << lost << ", heads resumed " << resumed);
  CHECK(lost >= 10);
  CHECK(resumed >= 5);
}

}  // namespace
}  // namespace lorafleet
