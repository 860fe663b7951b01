#include "tools/terminal/panel.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "actors/output/progress_json.hpp"
#include "actors/run/history.hpp"
#include "partition/support/error.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/small_scenario.hpp"
#include "tests/tools/terminal.hpp"
#include "tools/terminal/columns.hpp"

namespace lorafleet {
namespace {

actors::Progress halfway() {
  actors::Progress progress;
  progress.run = "a name that is 中文 and 🙂";
  progress.totals.versions = 6;
  progress.totals.jobs = 40;
  progress.totals.updates_received = 30;
  progress.totals.updates_applied = 28;
  progress.totals.updates_dropped = 5;
  progress.totals.jobs_lost = 3;
  progress.totals.time = {250'000'000};
  progress.stop_versions = 12;
  progress.train_loss = 2.5;
  progress.losses = {4.0, 3.5, 3.0, 2.5};
  progress.evaluated_version = 6;
  progress.perplexity = 70.25;
  progress.perplexities = {300.0, 70.25};
  progress.staleness = 1.25;
  progress.largest_staleness = 4;
  progress.wall_seconds = 60.0;
  progress.tokens_per_second = 1000.0;
  progress.slots = {{3, 36000}, {4, 24000}};
  progress.done = 0.5;
  progress.seconds_left = 61.0;
  return progress;
}

std::string joined(const std::vector<std::string>& lines) {
  return join(lines, "\n");
}

}  // namespace

TEST_CASE("columns are those of a terminal: wide letters take two, marks none") {
  using tools::columns_of;
  CHECK(columns_of("plain") == 5);
  CHECK(columns_of("") == 0);
  CHECK(columns_of("中文") == 4);
  CHECK(columns_of("ｆｕｌｌ") == 8);
  CHECK(columns_of("e\xCC\x81") == 1);      // a combining acute
  CHECK(columns_of("a\xE2\x80\x8D") == 1);  // a zero-width joiner
  CHECK(columns_of("🙂") == 2);
  CHECK(columns_of("한") == 2);
  CHECK(columns_of("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB") == 2);  // the same in three letters
  CHECK(columns_of("▁█░") == 3);
  CHECK(columns_of("soft\xC2\xADhyphen") == 11);
  CHECK(columns_of("\xFF") == 1);  // no UTF-8
  CHECK(tools::fitting("中文x", 3) == "中");
  CHECK(tools::fitting("e\xCC\x81x", 1) == "e\xCC\x81");
  CHECK(tools::fitting("abc", 5) == "abc");
}

TEST_CASE("a sparkline goes from the least to the largest") {
  CHECK(tools::sparkline({1, 2, 3, 4, 5, 6, 7, 8}, 20, true) == "▁▂▃▄▅▆▇█");
  CHECK(tools::sparkline({8, 1}, 20, false) == "#_");
  CHECK(tools::sparkline({5, 5, 5}, 20, true) == "▁▁▁");
  CHECK(tools::sparkline({}, 20, true).empty());
  CHECK(tools::sparkline({0, 0, 7, 7}, 2, true) == "▁█");
  std::vector<double> many(1000);
  std::iota(many.begin(), many.end(), 0.0);
  CHECK(tools::columns_of(tools::sparkline(many, 24, true)) == 24);
}

TEST_CASE("a history of many values keeps means of neighbours, 64 at most") {
  actors::History history;
  for (int i = 0; i < 1000; ++i)
    history.add(i);
  history.add(std::nan(""));
  const auto& points = history.points();
  CHECK(points.size() < actors::History::kMost);
  CHECK(points.size() >= actors::History::kMost / 2 - 2);
  for (std::size_t i = 1; i < points.size(); ++i)
    CHECK(points[i] - points[i - 1] == doctest::Approx(points[1] - points[0]));
}

TEST_CASE("the panel says all there is, and fits in its columns whatever they are") {
  const std::string full = joined(tools::panel_of(halfway(), {100, false, true}));
  CHECK(tests::contains(full, "version 6/12"));
  CHECK(tests::contains(full, "50 %  left 0:01:01"));
  CHECK(tests::contains(full, "virtual      0:04:10   real 0:01:00"));
  CHECK(tests::contains(full, "7 in flight   28 updates   5 dropped"));
  CHECK(tests::contains(full, "1.2 mean of the latest version   4 largest"));
  CHECK(tests::contains(full, "train loss   2.500     █▆▃▁"));
  CHECK(tests::contains(full, "perplexity   70.2      █▁"));
  CHECK(tests::contains(full, "tokens/s     1,000   by slot  600  400"));
  for (std::size_t width = 0; width < 110; ++width) {
    for (const std::string& line : tools::panel_of(halfway(), {width, false, true}))
      CHECK(tools::columns_of(line) <= width);
  }
}

TEST_CASE("the panel of a classifier shows how its accuracy went") {
  auto progress = halfway();
  progress.accuracy = 0.75;
  progress.perplexities.clear();
  progress.accuracies = {0.5, 0.75};
  const std::string text = joined(tools::panel_of(progress, {100, false, true}));
  CHECK(tests::contains(text, "accuracy     0.750     ▁█"));
  CHECK_FALSE(tests::contains(text, "perplexity"));
}

TEST_CASE("time goes on in the panel while nothing is told") {
  const auto later = tools::aged(halfway(), 5.0);
  const std::string shown = joined(tools::panel_of(later, {100, false, true}));
  CHECK(tests::contains(shown, "left 0:00:56"));
  CHECK(tests::contains(shown, "real 0:01:05"));
  CHECK(tests::contains(shown, "by slot  600  400"));
  CHECK(tools::aged(halfway(), 1e4).seconds_left == 0.0);
}

TEST_CASE("the panel has colours and block letters only where they are shown") {
  const std::string colored = joined(tools::panel_of(halfway(), {80, true, true}));
  CHECK(tests::contains(colored, "\033["));
  auto progress = halfway();
  progress.run = "evil\033[2J";
  const std::string plain = joined(tools::panel_of(progress, {80, false, false}));
  CHECK_FALSE(tests::contains(plain, "\033"));
  CHECK(tests::contains(plain, "#####"));
  CHECK_FALSE(tests::contains(plain, "█"));
  CHECK_FALSE(tests::contains(plain, "▁"));
}

TEST_CASE("a run that has only begun has a panel, too") {
  const auto lines = tools::panel_of({}, {80, false, true});
  CHECK(lines.size() == 5);
  CHECK_FALSE(tests::contains(joined(lines), "left"));
  CHECK_FALSE(tests::contains(joined(lines), "nan"));
}

TEST_CASE("how far a run is reads back from its JSON") {
  auto progress = halfway();
  progress.train_loss = std::nan("");
  const std::string json = actors::progress_json(progress);
  CHECK(json.find('\n') == std::string::npos);
  auto read = actors::parse_progress(json, "x");
  CHECK(actors::progress_json(read) == json);
  CHECK(std::isnan(read.train_loss));
  CHECK(read.totals.time == progress.totals.time);
  CHECK(read.slots.at(1).tokens == 24000);
  CHECK_THROWS_AS(actors::parse_progress("{}", "progress.json"), InputError);
  CHECK_THROWS_AS(actors::parse_progress("[", "progress.json"), InputError);
}

TEST_CASE("on a terminal a run draws a panel in place and takes it away") {
  const tests::SmallScenario small;
  const auto seen = tests::run_on_terminal({"run", small.file(), "--out", small.path("out")}, 60);
  REQUIRE(seen.status == 0);
  CHECK(tests::contains(seen.bytes, "\033[32m"));
  CHECK(tests::contains(seen.bytes, "train loss"));
  CHECK(tests::contains(seen.bytes, "by slot"));
  tests::Screen screen(1000);  // log lines may be longer than the terminal
  const std::size_t last = seen.bytes.rfind("tokens/s");
  screen.feed(std::string_view(seen.bytes).substr(0, last));
  CHECK(screen.shows("version 3/3"));
  CHECK(screen.shows("jobs "));
  tests::Screen end(1000);
  end.feed(seen.bytes);
  for (const char* part : {"version 3/3", "virtual", "train loss", "by slot"})
    CHECK_FALSE(end.shows(part));
}

TEST_CASE("on a terminal real time goes on while jobs train") {
  const tests::SmallScenario small;
  const auto seen = tests::run_on_terminal({"run", small.file(), "--out", small.path("out"),
                                            "--set", "train.steps=300", "--set", "stop.versions=1"},
                                           80);
  REQUIRE(seen.status == 0);
  std::set<int> seconds;
  const std::string mark = "real 0:";
  for (auto at = seen.bytes.find(mark); at != seen.bytes.npos; at = seen.bytes.find(mark, at + 1)) {
    const std::string clock = seen.bytes.substr(at + mark.size(), 5);
    seconds.insert(60 * std::atoi(clock.c_str()) + std::atoi(clock.c_str() + 3));
  }
  REQUIRE(seconds.size() > 1);
  CHECK(*seconds.rbegin() - *seconds.begin() >= 3);
  for (auto next = std::next(seconds.begin()); next != seconds.end(); ++next)
    CHECK(*next - *std::prev(next) <= 2);
}

TEST_CASE("NO_COLOR takes the colours away, and CLICOLOR_FORCE brings them to files") {
  const tests::SmallScenario small;
  const auto seen = tests::run_on_terminal({"run", small.file(), "--out", small.path("out")}, 60,
                                           false, {"NO_COLOR=1", "CLICOLOR_FORCE=1"});
  REQUIRE(seen.status == 0);
  CHECK(tests::contains(seen.bytes, "train loss"));
  CHECK_FALSE(tests::contains(seen.bytes, "\033[3"));
  const auto bare = tests::run_on_terminal({"run"}, 60, false, {"TERM=dumb"});
  CHECK(bare.bytes.starts_with("error: "));
  CHECK(tests::Program({"run"}, "", {"env", "CLICOLOR_FORCE=1"})
            .wait()
            .err.starts_with("\033[31merror:\033[0m "));
  CHECK(tests::run_program({"run"}).err.starts_with("error: "));
}

TEST_CASE("--progress chooses what stderr gets") {
  const tests::SmallScenario small;
  const auto run = [&](const std::string& kind, const std::string& out) {
    return tests::run_program({"run", small.file(), "--out", small.path(out), "--progress", kind});
  };
  const auto json = run("json", "a");
  REQUIRE(json.status == 0);
  std::size_t told = 0;
  for (std::size_t at = 0; at < json.err.size();) {
    const std::size_t end = json.err.find('\n', at);
    const auto line = nlohmann::json::parse(json.err.substr(at, end - at));
    if (line.at("kind") == "progress") {
      ++told;
      CHECK(line.at("run") == "small");
      CHECK(line.at("totals").at("versions") <= 3);
    } else {
      CHECK(line.at("text").is_string());
    }
    at = end + 1;
  }
  CHECK(told >= 2);
  CHECK(json.err.find("\"done\":1.0") == json.err.rfind("\"done\":1.0"));
  CHECK(run("none", "b").err.empty());
  const auto plain = tests::run_on_terminal(
      {"run", small.file(), "--out", small.path("c"), "--progress", "plain"}, 80);
  CHECK(plain.status == 0);
  CHECK_FALSE(tests::contains(plain.bytes, "\033[K"));
  const auto end = plain.bytes.find("version 3/3  virtual");
  REQUIRE(end != std::string::npos);
  CHECK(plain.bytes.find("version 3/3  virtual", end + 1) == std::string::npos);
  CHECK(tests::contains(plain.bytes.substr(end), "(version 3)"));  // with the last score
  const auto other = run("loud", "d");
  CHECK(other.status == 2);
  CHECK(tests::contains(other.err, "allowed: auto, plain, none, json"));
}

}  // namespace lorafleet
