#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "actors/output/clients_csv.hpp"
#include "actors/output/rounds_csv.hpp"
#include "actors/output/summary_json.hpp"
#include "partition/support/files.hpp"
#include "tests/actors/random_scenario.hpp"
#include "tests/actors/sim/made_world.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

using nlohmann::json;

constexpr double kWatts = 10.0;
constexpr std::int64_t kMessageBytes = 320'000;

/// As tiny_config, but a message weighs 320,000 bytes, so that its parts can be told apart.
void make_messages_heavy(actors::FederationConfig& config) {
  config.network.download_mbps = sim::Distribution::constant(2.56);
  config.network.upload_mbps = sim::Distribution::constant(1.28);
  for (auto& tier : config.devices.tiers) {
    tier.watts = kWatts;
    tier.cost_per_hour = 3.6;
  }
  config.network.cost_per_gb = 100.0;
}

actors::FederationParts heavy(actors::JobSizer sizer) {
  return {std::move(sizer), 0.0, flat_adapter(0.0f), {}, kMessageBytes};
}

/// All modes, losses, pauses, slow-downs, the shared uplink, deadlines and surplus.
actors::FederationConfig difficult_config() {
  auto config = random_config();
  const auto world = random_world();
  config.availability = world.availability;
  config.devices.slow_down = world.devices.slow_down;
  config.network.jitter = world.network.jitter;
  config.network.server_upload_mbps = *rc::gen::element(0.0, 0.0, 2.0, 20.0);
  config.aggregation.max_staleness = *rc::gen::element(-1, 1, 3);
  if (*rc::gen::inRange(0, 4) == 0) {
    config.aggregation.mode = "tiered";
    config.clients.late = "drop";
    config.aggregation.tiers = 2;
    config.clients.min_updates = 1;
    config.partition.clients += 2;
  }
  make_messages_heavy(config);
  return config;
}

struct Account {
  std::int64_t jobs = 0;
  std::int64_t busy_us = 0;
  std::int64_t computing_us = 0;
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
  double joules = 0.0;
  double cost = 0.0;

  void add(const json& line) {
    ++jobs;
    busy_us += line.at("busy_us").get<std::int64_t>();
    computing_us += line.at("computing_us").get<std::int64_t>();
    bytes_down += line.at("bytes_down").get<std::int64_t>();
    bytes_up += line.at("bytes_up").get<std::int64_t>();
    joules += line.value("joules", 0.0);
    cost += line.value("cost", 0.0);
  }
};

bool near(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a));
}

/// Recomputes what the jobs came to from the lines of an event log, and checks each of them
/// against its own dispatch.
class Recomputed {
 public:
  explicit Recomputed(const actors::FederationConfig& config) : config_(config) {}

  void read(const std::string& log) {
    std::size_t begin = 0;
    for (std::size_t end = log.find('\n'); end != log.npos; end = log.find('\n', begin)) {
      take(json::parse(log.substr(begin, end - begin)));
      begin = end + 1;
    }
    RC_ASSERT(open_.empty());
  }

  Account all;
  std::map<std::int64_t, Account> clients;
  std::map<std::int64_t, std::int64_t> given_us;  ///< from dispatch to the line of the end
  std::int64_t dispatched = 0;
  std::int64_t received = 0;
  std::int64_t lost = 0;
  std::int64_t refused = 0;
  std::int64_t in_flight = 0;

 private:
  void take(const json& line) {
    const auto event = line.at("event").get<std::string>();
    if (event == "job_dispatched") {
      ++dispatched;
      RC_ASSERT(open_.emplace(line.at("seq").get<std::int64_t>(), line).second);
    } else if (event == "update_arrived") {
      ++received;
      end(line, "complete");
    } else if (event == "update_lost") {
      ++(line.contains("phase") ? lost : refused);
      if (line.contains("phase")) end(line, line.at("phase").get<std::string>());
    } else if (event == "job_unfinished") {
      ++in_flight;
      end(line, line.at("phase").get<std::string>());
    }
  }

  void end(const json& line, const std::string& phase) {
    const auto found = open_.find(line.at("seq").get<std::int64_t>());
    RC_ASSERT(found != open_.end());
    const json& job = found->second;
    const auto whole = [](const json& of, const char* key) {
      return of.at(key).get<std::int64_t>();
    };
    const std::int64_t start = whole(job, "t_us");
    const std::int64_t stop = std::min(whole(line, "t_us"), whole(job, "arrival_us"));
    const auto passed = [&](const char* key) {
      return job.contains(key) && whole(job, key) <= stop;
    };
    RC_ASSERT(whole(line, "busy_us") == stop - start);
    RC_ASSERT((phase == "download") == !passed("downloaded_us"));
    RC_ASSERT((phase == "upload" || phase == "complete") == passed("computed_us"));
    RC_ASSERT(whole(line, "bytes_down") <= whole(job, "bytes_down"));
    RC_ASSERT(whole(line, "bytes_up") <= whole(job, "bytes_up"));
    RC_ASSERT(phase == "download" || whole(line, "bytes_down") == whole(job, "bytes_down"));
    RC_ASSERT((phase == "complete") == (whole(line, "bytes_up") == whole(job, "bytes_up")));
    RC_ASSERT(phase == "upload" || phase == "complete" || whole(line, "bytes_up") == 0);
    if (phase == "download") RC_ASSERT(whole(line, "computing_us") == 0);
    if (phase != "download" && config_.availability.leaving == "lose") {
      const std::int64_t until = passed("computed_us") ? whole(job, "computed_us") : stop;
      RC_ASSERT(whole(line, "computing_us") == until - whole(job, "downloaded_us"));
    }
    RC_ASSERT(near(line.value("joules", 0.0),
                   kWatts * static_cast<double>(whole(line, "computing_us")) / 1e6));
    RC_ASSERT(line.value("cost", 0.0) <=
              0.001 * static_cast<double>(stop - start) / 1e6 +
                  1e-7 * static_cast<double>(whole(line, "bytes_down") + whole(line, "bytes_up")) +
                  1e-9);
    all.add(line);
    const auto client = whole(line, "client");
    clients[client].add(line);
    given_us[client] += whole(line, "t_us") - start;
    open_.erase(found);
  }

  const actors::FederationConfig& config_;
  std::map<std::int64_t, json> open_;
};

std::map<std::string, std::string> row_of(const std::string& header, const std::string& row) {
  std::map<std::string, std::string> cells;
  std::size_t h = 0;
  std::size_t r = 0;
  while (h <= header.size()) {
    const auto h_end = std::min(header.find(',', h), header.size());
    const auto r_end = std::min(row.find(',', r), row.size());
    cells[header.substr(h, h_end - h)] = row.substr(r, r_end - r);
    h = h_end + 1;
    r = r_end + 1;
  }
  return cells;
}

void check_clients_csv(const FakeRun& run, std::size_t clients, const Recomputed& recomputed) {
  const TemporaryFolder folder;
  actors::ClientsCsv csv(std::vector<actors::ClientFacts>(clients, {"only", 1, 1, 1, 2, 1}));
  for (const auto& event : run.events)
    csv.add(event);
  csv.write(folder / "clients.csv");
  std::vector<std::string> lines;
  for_each_line(folder / "clients.csv",
                [&](std::string_view line, std::size_t) { lines.emplace_back(line); });
  RC_ASSERT(lines.size() == clients + 1);
  std::int64_t balance = 0;
  for (std::size_t c = 0; c < clients; ++c) {
    const auto cells = row_of(lines[0], lines[c + 1]);
    const auto number = [&](const char* column) { return std::stod(cells.at(column)); };
    const auto found = recomputed.clients.find(static_cast<std::int64_t>(c));
    const Account own = found == recomputed.clients.end() ? Account{} : found->second;
    RC_ASSERT(number("jobs") == static_cast<double>(own.jobs));
    RC_ASSERT(number("jobs") ==
              number("updates_received") + number("jobs_lost") + number("jobs_in_flight_at_end"));
    RC_ASSERT(near(number("busy_seconds"), static_cast<double>(own.busy_us) / 1e6));
    RC_ASSERT(near(number("computing_seconds"), static_cast<double>(own.computing_us) / 1e6));
    RC_ASSERT(number("bytes_down") == static_cast<double>(own.bytes_down));
    RC_ASSERT(number("bytes_up") == static_cast<double>(own.bytes_up));
    RC_ASSERT(near(number("energy_wh") * 3600.0, kWatts * number("computing_seconds")));
    RC_ASSERT(near(number("cost"), own.cost));
    RC_ASSERT(number("computing_seconds") <= number("busy_seconds") + 1e-9);
    if (own.jobs > 0) {
      RC_ASSERT(own.busy_us <= recomputed.given_us.at(static_cast<std::int64_t>(c)));
      RC_ASSERT(own.busy_us <= run.totals().time.microseconds);
    }
    balance += static_cast<std::int64_t>(number("updates_refused"));
  }
  RC_ASSERT(balance == recomputed.refused);
}

void check_summary(const actors::RunTotals& totals, const Recomputed& recomputed) {
  actors::RunSummary summary;
  summary.totals = totals;
  const auto figures = actors::summary_figures(actors::summary_json(summary));
  const auto count = [&](const char* key) { return static_cast<std::int64_t>(figures.at(key)); };
  const Account& all = recomputed.all;
  RC_ASSERT(count("jobs") == recomputed.dispatched);
  RC_ASSERT(count("jobs") == all.jobs);
  RC_ASSERT(count("updates_received") == recomputed.received);
  RC_ASSERT(count("jobs_lost") == recomputed.lost);
  RC_ASSERT(count("updates_refused") == recomputed.refused);
  RC_ASSERT(count("jobs_in_flight_at_end") == recomputed.in_flight);
  RC_ASSERT(count("updates_dropped") == recomputed.lost + recomputed.refused);
  RC_ASSERT(count("jobs") ==
            count("updates_received") + count("jobs_lost") + count("jobs_in_flight_at_end"));
  RC_ASSERT(count("updates_received") ==
            count("updates_applied") + count("updates_refused") + count("updates_waiting_at_end"));
  RC_ASSERT(count("bytes_down") == all.bytes_down);
  RC_ASSERT(count("bytes_up") == all.bytes_up);
  RC_ASSERT(totals.busy.microseconds == all.busy_us);
  RC_ASSERT(totals.computing.microseconds == all.computing_us);
  RC_ASSERT(figures.at("busy_seconds") == totals.busy.seconds());
  RC_ASSERT(figures.at("computing_seconds") == totals.computing.seconds());
  RC_ASSERT(near(figures.at("energy_wh") * 3600.0, kWatts * figures.at("computing_seconds")));
  RC_ASSERT(near(figures.at("cost"), all.cost));
}

}  // namespace

TEST_CASE("events, clients and summary agree on what jobs came to, however they ended") {
  CHECK(rc::check("in random worlds", [] {
    const auto config = difficult_config();
    FakeRun run(config, heavy(random_sizes()));
    run.training = sometimes_nan;
    run.coordinator().start();
    const std::size_t most = *rc::gen::element<std::size_t>(3, 1000, 1000, 1000);
    for (std::size_t i = 0; i < most && !run.pending.empty(); ++i)
      run.deliver_at(0);
    run.coordinator().interrupt();  // where the run is not over
    Recomputed recomputed(config);
    recomputed.read(run.log());
    check_clients_csv(run, static_cast<std::size_t>(config.partition.clients), recomputed);
    check_summary(run.totals(), recomputed);
    RC_TAG(config.aggregation.mode + ", " + run.totals().stop_reason);
  }));
}

TEST_CASE("a client that is told to stop is charged until then, in each phase") {
  auto config = tiny_config(2);
  config.clients.per_round = 1;
  config.clients.overcommit = 2.0;
  config.stop.versions = 1;
  make_messages_heavy(config);
  // Client 0 arrives after 1 + tokens + 2 s; client 1, a hundred times slower, is stopped then.
  for (const auto& [stopped_at, phase, computing, down, up] :
       {std::tuple{4.0, sim::JobPhase::compute, 3.0, 320'000, 0},
        std::tuple{13.0, sim::JobPhase::upload, 10.0, 320'000, 320'000}}) {
    CAPTURE(stopped_at);
    const auto own = static_cast<std::int64_t>(stopped_at) - 3;
    FakeRun run(config, heavy(sizes({own, 10})));
    run.run();
    REQUIRE(run.totals().versions == 1);
    const auto lost = std::find_if(run.events.begin(), run.events.end(), [](const auto& event) {
      return std::holds_alternative<actors::UpdateLost>(event.what);
    });
    REQUIRE(lost != run.events.end());
    const auto& used = std::get<actors::UpdateLost>(lost->what).used;
    REQUIRE(used.has_value());
    if (stopped_at == 13.0) {
      // Both arrive at the same moment: what ends then has ended, and all of it counts.
      CHECK(used->phase == sim::JobPhase::complete);
    } else {
      CHECK(used->phase == phase);
    }
    CHECK(used->busy.seconds() == stopped_at);
    CHECK(used->computing.seconds() == computing);
    CHECK(used->bytes_down == down);
    CHECK(used->bytes_up == up);
    CHECK(used->joules == doctest::Approx(kWatts * computing));
  }
}

TEST_CASE(
    "a client whose job was there before its round failed is not busy until the round's end") {
  auto config = tiny_config(2);
  config.clients.per_round = 2;
  config.clients.min_updates = 2;
  config.clients.deadline_seconds = 20.0;
  config.stop.virtual_seconds = 30.0;
  make_messages_heavy(config);
  FakeRun run(config, heavy(sizes({1, 50})));  // 4 s, and too late
  run.run();
  for (const auto& event : run.events) {
    const auto* lost = std::get_if<actors::UpdateLost>(&event.what);
    if (lost == nullptr) continue;
    CHECK(event.time.seconds() == 20.0);
    CHECK(lost->used->busy.seconds() == (lost->id.client.value == 0 ? 4.0 : 20.0));
    CHECK(lost->used->phase ==
          (lost->id.client.value == 0 ? sim::JobPhase::complete : sim::JobPhase::compute));
  }
  CHECK(run.totals().jobs_in_flight_at_end == 2);
  CHECK(run.totals().updates_dropped == 2);
}

TEST_CASE("a round that ends frees the uplink of downloads that it gave up") {
  auto config = tiny_config(4);
  config.clients.per_round = 1;
  config.clients.overcommit = 4.0;
  config.stop.versions = 2;
  make_messages_heavy(config);
  config.network.server_upload_mbps = 0.256;  // 10 s a message: 0, 10, 20, 30 s of waiting
  FakeRun run(config, heavy(sizes({1, 1, 1, 1})));
  run.run();
  // The first one is there after 10 + 1 + 2 s: the others wait, and are told to stop.
  std::vector<std::int64_t> down;
  for (const auto& event : run.events) {
    if (const auto* lost = std::get_if<actors::UpdateLost>(&event.what)) {
      CHECK(lost->used->phase == sim::JobPhase::download);
      down.push_back(lost->used->bytes_down);
    }
  }
  REQUIRE(down.size() == 6);
  CHECK(down[0] + down[1] + down[2] == 96'000);  // 3 of 10 s of one download
  CHECK(run.totals().time.seconds() == 26.0);    // and not 13 + 40
}

TEST_CASE("a base change whose download was cut has not arrived, and is sent again") {
  auto config = tiny_config(2);
  config.aggregation.mode = "sync";
  config.aggregation.lora = "fedex";
  config.clients.per_round = 1;
  config.clients.overcommit = 2.0;
  config.clients.selection = "round_robin";
  config.stop.versions = 3;
  make_messages_heavy(config);
  auto parts = heavy(sizes({1, 1}));
  FakeRun fast(config, parts);
  fast.run();
  const auto down_of = [](const FakeRun& run) {
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::int64_t> bytes;
    for (const auto& event : run.events) {
      if (const auto* job = std::get_if<actors::JobDispatched>(&event.what))
        bytes[{job->id.client.value, job->version.value}] = job->bytes_down;
    }
    return bytes;
  };
  const auto whole = down_of(fast);
  const std::int64_t change = whole.at({0, 1}) - whole.at({0, 0});
  REQUIRE(change > 0);
  CHECK(whole.at({0, 2}) == whole.at({0, 1}));  // each change once

  // Through a narrow uplink the second client's download is never through when a round ends.
  config.network.server_upload_mbps = 0.256;
  FakeRun slow(config, parts);
  slow.run();
  std::map<std::uint32_t, std::size_t> cut;
  for (const auto& event : slow.events) {
    if (const auto* lost = std::get_if<actors::UpdateLost>(&event.what)) {
      REQUIRE(lost->used->phase == sim::JobPhase::download);
      ++cut[lost->id.client.value];
    }
  }
  REQUIRE(cut.size() == 1);
  const auto client = cut.begin()->first;
  REQUIRE(cut.begin()->second == 3);
  const auto again = down_of(slow);
  CHECK(again.at({client, 1}) == kMessageBytes + change);
  CHECK(again.at({client, 2}) == kMessageBytes + 2 * change);
  CHECK(again.at({1 - client, 2}) == kMessageBytes + change);
}

TEST_CASE("rounds.csv has the mean loss of exactly the updates that a version folded") {
  CHECK(rc::check("recomputed from the events, of all modes", [] {
    auto config = difficult_config();
    if (config.aggregation.mode != "fedasync")
      config.aggregation.robust = *rc::gen::element<std::string>("none", "none", "krum");
    FakeRun run(config, heavy(random_sizes()));
    run.training = sometimes_nan;
    run.run();
    actors::RoundsCsv rounds;
    struct Arrived {
      std::uint64_t tier;
      double loss;
      double staleness;
    };
    std::map<std::uint64_t, Arrived> waiting;
    std::int64_t down = 0;
    std::int64_t up = 0;
    std::int64_t tokens = 0;
    for (const auto& event : run.events) {
      rounds.add(event);
      const auto line = json::parse(actors::to_json_line(event));
      const auto kind = line.at("event").get<std::string>();
      if (line.contains("busy_us")) {
        down += line.at("bytes_down").get<std::int64_t>();
        up += line.at("bytes_up").get<std::int64_t>();
      }
      if (kind == "update_arrived") {
        tokens += line.at("tokens").get<std::int64_t>();
        waiting[line.at("seq").get<std::uint64_t>()] = {line.value("tier", std::uint64_t{0}),
                                                        line.at("loss").get<double>(),
                                                        line.at("staleness").get<double>()};
      } else if (kind == "update_lost") {
        waiting.erase(line.at("seq").get<std::uint64_t>());
      } else if (kind == "version_made") {
        double loss = 0.0;
        double staleness = 0.0;
        std::int64_t folded = 0;
        for (auto it = waiting.begin(); it != waiting.end();) {
          if (it->second.tier != line.value("tier", std::uint64_t{0})) {
            ++it;
            continue;
          }
          loss += it->second.loss;
          staleness += it->second.staleness;
          ++folded;
          it = waiting.erase(it);
        }
        RC_ASSERT(line.at("updates").get<std::int64_t>() == folded);
        RC_ASSERT(folded > 0);
        RC_ASSERT(rounds.latest_train_loss() == loss / static_cast<double>(folded));
        RC_ASSERT(line.at("mean_staleness").get<double>() ==
                  staleness / static_cast<double>(folded));
        rounds.add_version({line.at("version").get<std::uint64_t>()}, event.time);
      }
    }
    RC_ASSERT(run.totals().bytes_down == down);
    RC_ASSERT(run.totals().bytes_up == up);
    RC_ASSERT(run.totals().train_tokens == tokens);
    RC_TAG(config.aggregation.mode + ", " + config.aggregation.robust);
  }));
}
