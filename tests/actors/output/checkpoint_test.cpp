#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <tuple>

#include "actors/output/checkpoint_files.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/trainers/compressing_trainer.hpp"
#include "actors/run/trainers/private_factor_trainer.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/messages/codec.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/actors/random_scenario.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

constexpr std::uint64_t kWholeLog = 1'000'000;
const std::function<void(const std::string&)> kSilent = [](const std::string&) {};

/// Everything that a checkpoint has to carry: tiers, carried updates, availability, memories of
/// selections and optimisers, the uplink.
actors::FederationConfig rich_config() {
  auto config = random_config();
  if (*rc::gen::inRange(0, 4) == 0) {
    config.aggregation.mode = "tiered";
    config.clients.late = "drop";
    config.aggregation.tiers = 2;
    config.clients.min_updates = 1;
    config.partition.clients += 2;
  }
  config.clients.selection = *rc::gen::element<std::string>("uniform", "weighted", "round_robin",
                                                            "oort", "power_of_choice");
  config.aggregation.server_optimizer =
      *rc::gen::element<std::string>("sgd", "adam", "yogi", "adagrad");
  config.aggregation.server_lr = 0.1;
  config.network.server_upload_mbps = *rc::gen::element(0.0, 0.0005);
  config.availability.model = *rc::gen::element<std::string>("always", "bernoulli", "markov");
  config.availability.probability = 0.7;
  config.availability.mean_up_seconds = 30.0;
  config.availability.mean_down_seconds = 10.0;
  config.availability.leaving = *rc::gen::element<std::string>("lose", "pause");
  config.devices.slow_down.mean_between_seconds = *rc::gen::element(0.0, 4.0);
  config.devices.slow_down.mean_seconds = 2.0;
  config.devices.tiers[0].watts = 3.0;
  config.devices.tiers[0].cost_per_hour = 7.0;
  config.network.cost_per_gb = 1e6;
  return config;
}

actors::RunCheckpoint checkpoint_of(const actors::CoordinatorState& state) {
  actors::RunCheckpoint checkpoint;
  checkpoint.coordinator = state;
  return checkpoint;
}

std::string events_from(const FakeRun& run, std::size_t first) {
  std::string lines;
  for (std::size_t i = first; i < run.events.size(); ++i)
    lines += actors::to_json_line(run.events[i]) + '\n';
  return lines;
}

actors::CoordinatorState some_state() {
  auto config = tiny_config(6);
  config.aggregation.mode = "fedbuff";
  config.aggregation.buffer_size = 2;
  config.stop.versions = 4;
  FakeRun run(config, sizes({1, 5, 9}));
  run.keep_states = true;
  run.run();
  return run.states.at(1).first;
}

/// Moves every value by an amount of its own.
class Mover final : public model::Trainer {
 public:
  [[nodiscard]] model::JobSize size(const model::TrainJob&) const override { return {1, 1}; }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    model::TrainResult result{*job.start, {}};
    result.stats.examples = 1;
    Random random(1, Purpose::batch_order, job.client, job.seq);
    for (float& value : result.adapter.values)
      value = 0.75f * value + static_cast<float>(random.uniform(-1.0, 1.0));
    // B moves A, as in training: so a lost B shows in what the server gets.
    for (std::size_t i = 0; i < 4; ++i)
      result.adapter.values[i] += 0.5f * job.start->values[4 + i];
    return result;
  }
};

/// fedsa with sparse updates: clients keep B, and what their updates left out.
void keep_private(actors::FederationConfig& config, FakeRun& run) {
  const std::shared_ptr<const strategy::LoraRule> rule =
      strategy::lora_rules().make("fedsa", config.aggregation);
  run.trainer = std::make_shared<actors::CompressingTrainer>(
      std::make_shared<actors::PrivateFactorTrainer>(std::make_shared<Mover>()),
      strategy::uplink_codec(config.network), true,
      [rule](const model::TrainJob& job) { return rule->carries({job.version}); });
}

}  // namespace

TEST_CASE("a client's private B and what compression lost survive checkpoint and resume") {
  for (const char* mode : {"sync", "fedbuff", "fedasync"}) {
    CAPTURE(std::string(mode));
    auto config = tiny_config(5);
    config.clients.per_round = 2;
    config.clients.concurrency = 2;
    config.aggregation.mode = mode;
    config.aggregation.buffer_size = 2;
    config.aggregation.lora = "fedsa";
    config.network.compress_up = "topk";
    config.network.topk_share = 0.3;
    config.stop.versions = 12;
    FakeRun whole(config, sizes({1, 5, 9}));
    keep_private(config, whole);
    whole.keep_states = true;
    whole.run();
    REQUIRE(whole.states.size() > 6);
    for (const auto& [name, values] :
         whole.states.back().first.private_states.begin()->second->vectors) {
      CAPTURE(name);
      CHECK(model::l2_norm(values) > 0.0);
    }

    const auto& [state, before] = whole.states[5];
    REQUIRE(state.private_states.begin()->second->vectors.size() == 2);
    const TemporaryFolder folder;
    actors::CheckpointFiles files(folder / "checkpoint", "same");
    files.write(checkpoint_of(state));
    auto read = files.read_latest(kWholeLog, kSilent);
    REQUIRE(read.has_value());
    const auto end_of = [&](const actors::CoordinatorState& from) {
      FakeRun resumed(config, sizes({1, 5, 9}));
      keep_private(config, resumed);
      resumed.resume(from);
      return std::tuple{model::sha256(*resumed.coordinator().adapter()), resumed.log(),
                        resumed.coordinator().clients_own().states};
    };
    const auto [adapter, log, states] = end_of(read->coordinator);
    CHECK(log == events_from(whole, before));
    CHECK(adapter == model::sha256(*whole.coordinator().adapter()));
    const auto expected = whole.coordinator().clients_own().states;
    REQUIRE(states.size() == expected.size());
    for (const auto& [client, own] : expected)
      CHECK(states.at(client)->vectors == own->vectors);

    // Each of the two matters: without it the run ends elsewhere.
    for (const std::size_t kept : {0, 1}) {
      auto poorer = read->coordinator;
      for (auto& [client, own] : poorer.private_states) {
        auto part = std::make_shared<model::PrivateState>();
        part->vectors.push_back(own->vectors.at(kept));
        own = part;
      }
      for (auto& job : poorer.jobs)
        if (job.state) job.state = poorer.private_states.at(job.id().client.value);
      CHECK(std::get<0>(end_of(poorer)) != adapter);
    }
  }
}

TEST_CASE(
    "a run resumed from any version boundary, by way of the disk, goes on to the same bytes") {
  CHECK(rc::check("events and adapter", [] {
    const auto config = rich_config();
    FakeRun whole(config, random_sizes());
    whole.training = sometimes_nan;
    whole.keep_states = true;
    whole.run();
    if (whole.states.empty()) return;
    const auto at = *rc::gen::inRange<std::size_t>(0, whole.states.size());
    const auto& [state, before] = whole.states[at];

    const TemporaryFolder folder;
    actors::CheckpointFiles files(folder / "checkpoint", "same");
    files.write(checkpoint_of(state));
    const auto read = files.read_latest(kWholeLog, kSilent);
    RC_ASSERT(read.has_value());
    FakeRun resumed(config, random_sizes());
    resumed.training = sometimes_nan;
    resumed.resume(read->coordinator);
    RC_ASSERT(resumed.log() == events_from(whole, before));
    RC_ASSERT(resumed.value() == whole.value());
    RC_ASSERT(resumed.totals().jobs == whole.totals().jobs);
    const auto accounts = [](const actors::RunTotals& totals) {
      actors::RunSummary summary;
      summary.totals = totals;
      summary.wall_seconds = 1.0;
      return actors::summary_json(summary);
    };
    RC_ASSERT(accounts(resumed.totals()) == accounts(whole.totals()));
    RC_ASSERT(resumed.totals().stop_reason == whole.totals().stop_reason);
  }));
}

TEST_CASE("the newest two checkpoints are kept, and a damaged one gives way to the one before") {
  const TemporaryFolder folder;
  actors::CheckpointFiles files(folder / "checkpoint", "same");
  auto checkpoint = checkpoint_of(some_state());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    checkpoint.recorder.events_bytes = i;
    files.write(checkpoint);
  }
  CHECK_FALSE(std::filesystem::exists(folder / "checkpoint/000001"));
  CHECK(files.read_latest(kWholeLog, kSilent)->recorder.events_bytes == 3);

  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& line) { warnings.push_back(line); };
  const auto tensors = folder / "checkpoint/000003/tensors.safetensors";
  std::filesystem::resize_file(tensors, std::filesystem::file_size(tensors) - 1);
  CHECK(files.read_latest(kWholeLog, warn)->recorder.events_bytes == 2);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("000003") != std::string::npos);

  const auto state = folder / "checkpoint/000002/state.json";
  std::string text = read_file(state);
  text[text.size() / 2] ^= 1;
  write_file(state, text);
  CHECK_FALSE(files.read_latest(kWholeLog, warn).has_value());
  CHECK(warnings.back().find("the run starts again") != std::string::npos);
}

TEST_CASE("a checkpoint that needs more of the event log than there is gives way too") {
  const TemporaryFolder folder;
  actors::CheckpointFiles files(folder / "checkpoint", "same");
  auto checkpoint = checkpoint_of(some_state());
  for (const std::uint64_t bytes : {100u, 200u}) {
    checkpoint.recorder.events_bytes = bytes;
    files.write(checkpoint);
  }
  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& line) { warnings.push_back(line); };
  CHECK(files.read_latest(200, warn)->recorder.events_bytes == 200);
  CHECK(warnings.empty());
  CHECK(files.read_latest(199, warn)->recorder.events_bytes == 100);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("needs the first 200 bytes of the event log, which has 199") !=
        std::string::npos);
  CHECK_FALSE(files.read_latest(0, warn).has_value());
}

TEST_CASE("a checkpoint of another scenario is refused") {
  const TemporaryFolder folder;
  actors::CheckpointFiles(folder / "checkpoint", "one").write(checkpoint_of(some_state()));
  const actors::CheckpointFiles other(folder / "checkpoint", "two");
  CHECK_THROWS_AS(static_cast<void>(other.read_latest(kWholeLog, kSilent)), InputError);
}

TEST_CASE("where a checkpoint cannot be written, the one before stays") {
  const TemporaryFolder folder;
  actors::CheckpointFiles files(folder / "checkpoint", "same");
  auto checkpoint = checkpoint_of(some_state());
  checkpoint.recorder.events_bytes = 1;
  files.write(checkpoint);

  // As a full disk does, a limit on the size of files makes a write fail half-way.
  rlimit before = {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight = {600, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  checkpoint.recorder.events_bytes = 2;
  CHECK_THROWS_AS(files.write(checkpoint), RuntimeFailure);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  CHECK(files.read_latest(kWholeLog, kSilent)->recorder.events_bytes == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "checkpoint/writing-000002"));
  files.write(checkpoint);
  CHECK(files.read_latest(kWholeLog, kSilent)->recorder.events_bytes == 2);
}

TEST_CASE("every kind of event reads back as it was written") {
  actors::VersionMade made{{3}, 4, 0.5, 0.1, 2.0};
  made.tier = 1;
  const sim::JobUsage used{sim::JobPhase::compute, {5}, {4}, 3, 2, 0.5, 0.25};
  made.fold = actors::FoldFigures{0.25, 0.125, {{4, 0.5}, {16, 0.0}}, 3.5, 0.75, -0.25, true};
  const std::vector<actors::Event> events = {
      {{1}, actors::JobDispatched{{{1}, {2}}, {3}, {4}, true, 5, 6, 7}},
      {{2},
       actors::JobDispatched{
           {{1}, {2}}, {3}, {4}, false, 5, 6, 7, sim::VirtualTime{3}, sim::VirtualTime{4}, {1}}},
      {{3}, actors::UpdateArrived{{{1}, {2}}, {3}, 4, 0.1, std::nan(""), 0.3, 5, used, 1}},
      {{4}, actors::UpdateLost{{{1}, {2}}, {3}, "surplus", used}},
      {{4}, actors::JobUnfinished{{{1}, {2}}, {3}, used}},
      {{4}, actors::UpdateLost{{{1}, {2}}, {3}, "went_offline"}},
      {{5}, actors::VersionMade{{3}, 4, 0.5, 1e-300, 2.0}},
      {{6}, made},
      {{7}, actors::RoundFailed{{3}, 1}},
      {{8}, actors::RunStopped{"target"}}};
  for (const auto& event : events) {
    const std::string line = actors::to_json_line(event);
    CHECK(actors::to_json_line(actors::from_json_line(line, "events", 1)) == line);
  }
  CHECK_THROWS_AS(actors::from_json_line("{\"t_us\":1,\"event\":\"x\"}", "events", 7), InputError);
  CHECK_THROWS_AS(actors::from_json_line("{", "events", 7), InputError);
}
