#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "actors/output/clients_csv.hpp"
#include "actors/output/rounds_csv.hpp"
#include "actors/output/run_recorder.hpp"
#include "actors/output/summary_json.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

using tests::TemporaryFolder;

actors::Event at(std::int64_t microseconds, decltype(actors::Event::what) what) {
  return {{microseconds}, std::move(what)};
}

actors::UpdateArrived arrival(std::uint32_t client, std::uint64_t seq, double loss) {
  actors::UpdateArrived arrived;
  arrived.id.client = {client};
  arrived.id.seq = {seq};
  arrived.staleness = 2;
  arrived.loss = loss;
  arrived.tokens = 100;
  arrived.used = {sim::JobPhase::complete, {2'000'000}, {1'500'000}, 40, 30, 3600.0, 0.5};
  return arrived;
}

actors::JobDispatched dispatch(std::uint32_t client, std::uint64_t seq) {
  actors::JobDispatched job;
  job.id.client = {client};
  job.id.seq = {seq};
  job.tokens = 100;
  job.arrival = {9'000'000};
  return job;
}

model::Evaluation score(double loss) {
  model::Evaluation evaluation;
  evaluation.total = {10, 4, 4 * loss, 1};
  return evaluation;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  for_each_line(file, [&](std::string_view line, std::size_t) { lines.emplace_back(line); });
  return lines;
}

}  // namespace

TEST_CASE("rounds.csv has a row a version, with late scores in the right one") {
  const TemporaryFolder folder;
  actors::RoundsCsv rounds;
  rounds.add_version({0}, {0});
  rounds.add(at(500'000, arrival(1, 1, 2.0)));
  rounds.add(at(600'000, arrival(2, 2, 4.0)));
  rounds.add(at(600'000, arrival(3, 3, std::numeric_limits<double>::quiet_NaN())));
  rounds.add(at(600'000, actors::UpdateLost{{{3}, {3}}, {0}, "not_finite"}));
  rounds.add(at(600'000, actors::VersionMade{{1}, 2, 1.5, 0.25, 3.0}));
  rounds.add_version({1}, {600'000});
  CHECK(rounds.latest_train_loss() == 3.0);
  rounds.add_version({2}, {700'000});
  rounds.add_evaluation({0}, score(5.0));
  rounds.add_evaluation({2}, score(1.0));
  rounds.write(folder / "rounds.csv");
  const auto lines = lines_of(folder / "rounds.csv");
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].starts_with("0,0,0,0,0,0,0,0,0,0,0,0,0,5,"));
  CHECK(lines[2] == "1,0.6,2,1.5,3,0.25,3,1,300,120,90,2,3,,,");
  CHECK(lines[3].find(",1,2.718281828459045,0.25") != std::string::npos);
}

TEST_CASE("a target is reached by the first version scored at or below it") {
  actors::RoundsCsv rounds;
  rounds.add_version({0}, {0});
  for (std::uint64_t version = 1; version <= 3; ++version) {
    const auto now = static_cast<std::int64_t>(version) * 1'000'000;
    rounds.add(at(now, arrival(1, version, 2.0)));
    rounds.add(at(now, actors::VersionMade{{version}, 1, 0.0, 0.25, 3.0}));
    rounds.add_version({version}, {now});
  }
  rounds.add_evaluation({0}, score(5.0));
  rounds.add_evaluation({2}, score(2.0));  // version 1 was not scored
  rounds.add_evaluation({3}, score(3.0));  // worse again
  CHECK_FALSE(rounds.reached(7.0).has_value());
  CHECK(rounds.reached(std::exp(5.0))->version == 0);
  const auto reached = rounds.reached(10.0);
  REQUIRE(reached.has_value());
  CHECK(reached->version == 2);
  CHECK(reached->time.seconds() == 2.0);
  CHECK(reached->updates == 2);
  CHECK(reached->train_tokens == 200);
  CHECK(reached->bytes_down == 80);
  CHECK(reached->bytes_up == 60);
  CHECK(reached->joules == 7200.0);

  actors::RunSummary summary;
  summary.target_perplexity = 10.0;
  CHECK(nlohmann::json::parse(actors::summary_json(summary)).at("to_target") ==
        nlohmann::json({{"perplexity", 10.0}, {"reached", false}}));
  summary.to_target = reached;
  const auto figures = actors::summary_figures(actors::summary_json(summary));
  CHECK(figures.at("to_target.virtual_seconds") == 2.0);
  CHECK(figures.at("to_target.version") == 2);
  CHECK(figures.at("to_target.energy_wh") == 2.0);
  CHECK(figures.at("to_target.bytes_up") == 60);
}

TEST_CASE("rounds.csv has the perplexity by length of the context") {
  const TemporaryFolder folder;
  actors::RoundsCsv rounds;
  rounds.add_version({0}, {0});
  rounds.add_version({1}, {1'000'000});
  model::Evaluation scored = score(2.0);
  scored.by_context_length = {{3, 20, scored.total}, {21, 64, scored.total}};
  rounds.add_evaluation({1}, scored);
  rounds.write(folder / "rounds.csv");
  const auto lines = lines_of(folder / "rounds.csv");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].ends_with(",eval_perplexity_3_to_20,eval_perplexity_21_to_64"));
  CHECK(lines[1].ends_with(",,"));
  CHECK(lines[2].ends_with(",7.38905609893065,7.38905609893065"));
}

TEST_CASE("clients.csv counts jobs, updates, losses and busy time") {
  const TemporaryFolder folder;
  actors::ClientsCsv clients({{"fast", 900, 50, 10, 8, 30}, {"slow", 60, 50, 10, 8, 12}});
  clients.add(at(0, dispatch(0, 1)));
  clients.add(at(0, dispatch(1, 2)));
  clients.add(at(2'000'000, arrival(0, 1, 3.0)));
  clients.add(at(2'000'000, dispatch(0, 3)));
  clients.add(at(2'500'000, actors::UpdateLost{{{0}, {1}}, {0}, "rejected"}));
  clients.add(at(3'000'000,
                 actors::UpdateLost{{{0}, {3}},
                                    {0},
                                    "dropped_out",
                                    sim::JobUsage{sim::JobPhase::download, {1'000'000}, {}, 7}}));
  clients.add(at(
      3'000'000,
      actors::JobUnfinished{
          {{1}, {2}}, {0}, {sim::JobPhase::compute, {3'000'000}, {250'000}, 40, 0, 900.0, 0.125}}));
  clients.write(folder / "clients.csv");
  const auto lines = lines_of(folder / "clients.csv");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].find(",jobs,updates_received,jobs_lost,jobs_in_flight_at_end,updates_refused,") !=
        std::string::npos);
  CHECK(lines[1] == "0,fast,900,50,10,8,30,2,1,1,0,1,2,100,3,3,1.5,47,30,1,0.5");
  CHECK(lines[2] == "1,slow,60,50,10,8,12,1,0,0,1,0,0,0,0,3,0.25,40,0,0.25,0.125");
}

TEST_CASE("a summary has the agreed keys, and each number becomes a figure") {
  actors::RunSummary summary;
  summary.status = "completed";
  summary.totals.versions = 7;
  summary.initial = score(2.0);
  summary.final = score(1.0);
  summary.final->by_context_length = {{0, 9, score(1.0).total}};
  const std::string text = actors::summary_json(summary);
  const auto json = nlohmann::json::parse(text);
  for (const char* key : {"status",
                          "adapter_sha256",
                          "events_sha256",
                          "versions",
                          "updates_received",
                          "updates_applied",
                          "updates_dropped",
                          "jobs_lost",
                          "updates_refused",
                          "jobs_in_flight_at_end",
                          "updates_waiting_at_end",
                          "busy_seconds",
                          "computing_seconds",
                          "energy_wh",
                          "cost",
                          "virtual_seconds",
                          "wall_seconds",
                          "train_tokens",
                          "tokens_per_second",
                          "bytes_down",
                          "bytes_up",
                          "peak_rss_bytes",
                          "initial",
                          "final",
                          "environment"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  const auto figures = actors::summary_figures(text);
  CHECK(figures.at("versions") == 7);
  CHECK(figures.at("final.loss") == 1.0);
  CHECK(figures.at("final.by_context_length.0.context_tokens_to") == 9);
  CHECK(figures.at("perplexity_ratio") == doctest::Approx(std::exp(-1.0)));
  CHECK(figures.count("status") == 0);
}

TEST_CASE("a summary says what the base was held in, where there is one") {
  actors::RunSummary summary;
  CHECK_FALSE(nlohmann::json::parse(actors::summary_json(summary)).contains("model"));
  summary.model = model::ModelConfig{"a/folder", "bfloat16", "nf4"};
  CHECK(nlohmann::json::parse(actors::summary_json(summary)).at("model") ==
        nlohmann::json({{"dtype", "bfloat16"}, {"quantization", "nf4"}}));
}

TEST_CASE("progress counts towards the nearest stop condition") {
  const TemporaryFolder folder;
  actors::FederationConfig config;
  config.stop.versions = 10;
  config.stop.virtual_seconds = 2.0;
  std::vector<actors::Progress> seen;
  actors::RunRecorder recorder(folder.path(), config, {{}},
                               [&](const actors::Progress& progress) { seen.push_back(progress); });
  actors::RunTotals totals;
  totals.versions = 1;
  totals.time = {1'000'000};
  recorder.on_version({0}, {0}, totals);
  recorder.on_evaluation({0}, score(2.0));
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].done == doctest::Approx(0.5));
  CHECK_FALSE(seen[0].evaluated_version.has_value());
  CHECK(seen[1].evaluated_version == 0);
  CHECK(seen[1].perplexity == doctest::Approx(std::exp(2.0)));
}

TEST_CASE("a run that dies leaves its events under a temporary name") {
  const TemporaryFolder folder;
  const actors::FederationConfig config;
  {
    actors::RunRecorder recorder(folder.path(), config, {{}}, {});
    recorder.on_event(at(1, dispatch(0, 1)), {});
  }
  CHECK(lines_of(folder / "events.jsonl.tmp").size() == 1);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

}  // namespace lorafleet
