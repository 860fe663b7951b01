#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <set>

#include "actors/report/data/event_file.hpp"
#include "actors/report/data/run_data.hpp"
#include "actors/report/data/sweep_folder.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::report {
namespace {

/// What reading gives as a message; "" where it succeeds.
template <typename Read>
std::string complaint(const Read& read) {
  try {
    read();
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

constexpr const char* kClients =
    "client,tier,tokens_per_second,examples,jobs,updates_received,jobs_lost,jobs_in_flight_at_end,"
    "updates_refused,busy_seconds,computing_seconds,energy_wh\n"
    "0,fast,100,5,2,2,0,0,0,3,2,0\n"
    "1,slow,10,7,1,0,1,0,0,2,2,0\n"
    "2,slow,11,7,1,0,0,1,0,4,1,0\n";

/// Four jobs: one applied, one dropped out, one rejected, one in flight at the end.
std::filesystem::path events_file() {
  return tests::golden_folder() / "report" / "events.jsonl";
}

TEST_CASE("offline spans are those of the clients shown, as far as their jobs are drawn") {
  const tests::TemporaryFolder folder;
  write_file(folder / "offline.csv",
             "client,start_seconds,end_seconds\n0,1,2\n1,3,9\n2,1,\n7,0,1\n2,5,6\n");
  Events events;
  events.shown = {2, 1};
  events.bars_until = 4.0;
  read_offline(folder / "offline.csv", events);
  REQUIRE(events.offline.size() == 1);
  CHECK(events.offline[0].row == 1);
  CHECK(events.offline[0].start == 3.0);
  CHECK(events.offline[0].end == 4.0);

  std::string many = "client,start_seconds,end_seconds\n";
  for (int i = 0; i < 5000; ++i)
    many += "1," + std::to_string(i) + "," + std::to_string(i + (i % 2 == 0 ? 0.5 : 0.25)) + "\n";
  write_file(folder / "offline.csv", many);
  events.offline.clear();
  events.bars_until = 1e6;
  read_offline(folder / "offline.csv", events);
  CHECK(events.offline.size() == 4000);
  CHECK(events.shortest_offline == 0.25);
}

TEST_CASE("tables with quotes are read as those without") {
  const tests::TemporaryFolder folder;
  std::string quoted = kClients;
  quoted.replace(quoted.find("0,fast"), 6, "0,\"fa\"\"s,\nt\"");
  write_file(folder / "clients.csv", quoted);
  const Clients clients = read_clients(folder / "clients.csv");
  CHECK(clients.tiers.at(0).name == "fa\"s,\nt");
  CHECK(clients.received == std::vector<std::uint32_t>{2, 0, 0});
  write_file(folder / "clients.csv", quoted + "3,\"slow");
  CHECK(complaint([&] { return read_clients(folder / "clients.csv"); }).find("clients.csv:6") !=
        std::string::npos);
}

TEST_CASE("every job of an event log is counted once, by how it ended") {
  const tests::TemporaryFolder folder;
  write_file(folder / "clients.csv", kClients);
  const Clients clients = read_clients(folder / "clients.csv");
  REQUIRE(clients.tiers.size() == 2);
  CHECK(clients.tiers[1].clients == 2);
  CHECK(clients.received == std::vector<std::uint32_t>{2, 0, 0});
  const Events events = read_events(events_file(), &clients);
  CHECK(events.jobs == 4);
  CHECK(events.stop_reason == "versions");
  CHECK(events.end_seconds == 4.0);
  std::int64_t ended = 0;
  for (const auto& tier : events.fates) {
    for (const auto& [name, fate] : tier)
      ended += fate.jobs;
  }
  CHECK(ended == events.jobs);
  CHECK(events.fates[0].at(Events::kApplied).tokens == 50);
  CHECK(events.fates[0].at("rejected").jobs == 1);
  CHECK(events.fates[1].at("dropped_out").joules == 3.5);
  CHECK(events.fates[1].at(Events::kInFlight).jobs == 1);
  CHECK(events.staleness[0].largest() == 3);
  CHECK(events.weight[0] == 50.0);  // the rejected update shapes nothing
}

TEST_CASE("jobs in flight are never fewer than none, and their time adds up") {
  const Events events = read_events(events_file(), nullptr);
  double seconds = 0.0;
  double jobs = 0.0;
  std::uint64_t arrivals = 0;
  for (const Flight& cell : events.flight.cells()) {
    CHECK(cell.least >= 0.0);
    CHECK(cell.least <= cell.largest);
    seconds += cell.seconds;
    jobs += cell.integral;
    arrivals += cell.arrivals;
  }
  CHECK(seconds == doctest::Approx(4.0));
  CHECK(jobs == doctest::Approx(1.0 + 2.0 + 2.0 + 2.5));  // of each job, how long it lasted
  CHECK(arrivals == 2);
}

TEST_CASE("bars of jobs have their phases, clipped where the job ended") {
  const tests::TemporaryFolder folder;
  write_file(folder / "clients.csv", kClients);
  const Clients clients = read_clients(folder / "clients.csv");
  const Events events = read_events(events_file(), &clients);
  REQUIRE(events.bars.size() == 4);
  CHECK(events.shown == std::vector<std::uint64_t>{0, 2, 1});  // the fastest first
  CHECK(events.bars[0].downloaded == doctest::Approx(0.1));
  CHECK(events.bars[0].computed == doctest::Approx(0.9));
  CHECK(events.bars[0].end == 1.0);
  CHECK(events.bars[1].fate == "rejected");
  CHECK(events.bars[2].fate == Events::kInFlight);
  for (const JobBar& bar : events.bars) {
    CHECK(bar.start <= bar.downloaded);
    CHECK(bar.downloaded <= bar.computed);
    CHECK(bar.computed <= bar.end);
  }
}

TEST_CASE("rows of the jobs' chart are clients that had jobs, of each tier") {
  const tests::TemporaryFolder folder;
  std::string table = "client,tier,tokens_per_second,examples,jobs,updates_received\n";
  for (int i = 0; i < 300; ++i) {
    const bool rare = i >= 297;  // sent nothing, and stand last
    const bool idle = i % 2 == 1 && !rare;
    table += std::to_string(i) + (rare ? ",rare," : ",usual,") + std::to_string(1000 - i) + ",5," +
             (idle   ? "0,0"
              : rare ? "1,0"
                     : "9,8") +
             "\n";
  }
  write_file(folder / "clients.csv", table);
  const Clients clients = read_clients(folder / "clients.csv");
  const Events events = read_events(events_file(), &clients);
  CHECK(events.shown.size() == 40);
  std::size_t rare = 0;
  for (const std::uint64_t client : events.shown) {
    CHECK(clients.jobs[client] > 0);
    rare += clients.tiers[clients.tier_of[client]].name == "rare" ? 1 : 0;
  }
  CHECK(rare >= 2);
  const auto again = std::set<std::uint64_t>(events.shown.begin(), events.shown.end());
  CHECK(again.size() == events.shown.size());
}

TEST_CASE("what is no event log, table or summary is refused with its place") {
  const tests::TemporaryFolder folder;
  const auto file = folder / "file";
  write_file(file,
             "{\"t_us\":0,\"event\":\"run_stopped\",\"reason\":\"versions\"}\n{\"t_us\":1}\n");
  CHECK(complaint([&] { read_events(file, nullptr); }) ==
        file.string() + ":2: is no line of an event log");
  write_file(file, "client,tier\n0,a\n1\n");
  CHECK(complaint([&] { read_clients(file); }) ==
        file.string() + ":3: has 1 cells, the header has 2");
  write_file(file, "version,virtual_seconds,eval_loss\n0,0,x\n");
  RunData run;
  CHECK(complaint([&] { read_rounds(file, run); }) ==
        file.string() + ":2: eval_loss: \"x\" is no number");
  write_file(file, "[1");
  CHECK(complaint([&] { read_summary(file); }).starts_with(file.string() + ": not valid JSON"));
  CHECK(complaint([&] { read_partition(file); }).starts_with(file.string() + ": not valid JSON"));
  write_file(file, "7");
  CHECK(complaint([&] { read_partition(file); }) == file.string() + ": not a partition manifest");
  CHECK(complaint([&] { read_run(folder.path()); }).find("is no run directory") !=
        std::string::npos);
  CHECK(complaint([&] { read_run(folder / "none"); }).find("no such folder") != std::string::npos);
}

TEST_CASE("a run that has not ended is read as far as its event log goes") {
  const tests::TemporaryFolder folder;
  const std::string whole = read_file(events_file());
  write_file(folder / "scenario.toml", "name = \"x\"\n");
  write_file(folder / "events.jsonl.tmp", whole.substr(0, whole.size() - 9));
  RunData run = read_run(folder.path());
  CHECK(run.unfinished);
  REQUIRE(run.events);
  CHECK(run.events->jobs == 4);
  CHECK(run.events->stop_reason.empty());  // the line that was cut

  write_file(folder / "events.jsonl.tmp", "{\n" + whole);
  CHECK(complaint([&] { read_run(folder.path()); }).find("events.jsonl.tmp:1: is no line") !=
        std::string::npos);
  write_file(folder / "events.jsonl", whole.substr(0, whole.size() - 9));
  CHECK(complaint([&] { read_run(folder.path()); }).find("is no line") != std::string::npos);
  write_file(folder / "events.jsonl", whole);
  write_file(folder / "summary.json", "{}");
  run = read_run(folder.path());
  CHECK_FALSE(run.unfinished);
  CHECK(run.events->stop_reason == "versions");
}

TEST_CASE("a line is read by its keys, in any order, and what is not asked for is passed over") {
  EventLine line;
  CHECK(parse_event(R"({"event":"update_arrived","seq":7,"t_us":12,"x":"a,}","loss":-1.5e3,)"
                    R"("weight":null,"computed_us":0,"tokens":123456789012345678,"trained":true})",
                    line));
  CHECK(line.time == 12);
  CHECK(line.event == "update_arrived");
  CHECK(line.seq == 7);
  CHECK(line.loss == -1500.0);
  CHECK(std::isnan(line.weight));
  CHECK(line.computed == 0);
  CHECK(line.downloaded == -1);
  CHECK(line.tokens == 123456789012345678);
  CHECK(line.reason.empty());
  for (const char* bad :
       {"", "{", "{}", R"({"t_us"})", R"({"t_us":1})", R"({"event":"a"})",
        R"({"t_us":1,"event":"a)", R"({"t_us":1,"event":"a"} )", R"({"t_us":1,"event":"a","b":{}})",
        R"({"t_us":1,"event":"a","b":[1]})", R"({"t_us":1,"event":"a\n"})",
        R"({"t_us":1,"event":"a",})", R"({"t_us":1"event":"a"})", R"([1])"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_event(bad, line));
  }
}

TEST_CASE("no line, however broken, is read beyond its end") {
  CHECK(rc::check([] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("{", "}", "\"", ":", ",", "t_us", "event", "1", "\\", "[",
                                      " ", "reason", "\"t_us\":1", "\"event\":\"a\""));
    std::string text = "{";
    for (const auto& part : parts)
      text += part;
    text += "}";
    const std::vector<char> exact(text.begin(), text.end());  // a sanitizer sees its end
    EventLine line;
    if (parse_event({exact.data(), exact.size()}, line)) {
      RC_ASSERT(line.event.data() >= exact.data());
      RC_ASSERT(line.event.data() + line.event.size() <= exact.data() + exact.size());
    }
  }));
}

TEST_CASE("an event log of many blocks is read line by line, whatever lies where they meet") {
  const tests::TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  std::string text;
  std::int64_t lines = 0;
  // Lines of a few bytes, of thousands, and one that is longer than two blocks.
  for (; text.size() < (6U << 20U); ++lines) {
    const std::size_t filler = lines == 1000 ? 3U << 20U : lines % 97 == 0 ? 5000 : lines % 13;
    text += R"({"t_us":)" + std::to_string(lines) + R"(,"event":"round_failed","x":")" +
            std::string(filler, 'x') + "\"}" + (lines % 5 == 0 ? "\r\n" : "\n");
  }
  const auto check_all = [&](std::int64_t expected) {
    std::int64_t next = 0;
    for_each_event(file, [&](const EventLine& event) { return event.time == next++; });
    CHECK(next == expected);
  };
  write_file(file, text);
  check_all(lines);
  write_file(file, text.substr(0, text.size() - 1));  // the last line without its end
  check_all(lines);
  write_file(file, "");
  check_all(0);

  write_file(file, text + "{\n" + text);
  const auto read = [&] { for_each_event(file, [](const EventLine&) { return true; }); };
  CHECK(complaint(read) ==
        file.string() + ":" + std::to_string(lines + 1) + ": is no line of an event log");
  const auto refuse = [&] {
    for_each_event(file, [](const EventLine& event) { return event.time < 20'000; });
  };
  CHECK(complaint(refuse) == file.string() + ":20001: is no line of an event log");
  CHECK(complaint([&] { for_each_event(folder / "none", [](auto&) { return true; }); }) ==
        (folder / "none").string() + ": no such file");
}

TEST_CASE("the scores of parts and clients are read whichever the base has") {
  const tests::TemporaryFolder folder;
  for (const ScoreKind& kind : score_kinds()) {
    CAPTURE(kind.key);
    const std::string score = "{\"" + kind.key + "\": 2.0, \"" + kind.counted_by + "\": 5, ";
    const std::string scores = score + "\"by_context_length\": [" + score +
                               "\"context_tokens_from\": 2, \"context_tokens_to\": 9}], "
                               "\"by_group\": {\"a\": " +
                               score + "\"x\": 1}}}";
    write_file(folder / "summary.json", "{\"initial\": " + scores + ", \"final\": " + scores + "}");
    const Summary summary = read_summary(folder / "summary.json");
    REQUIRE(summary.by_length.size() == 1);
    CHECK(summary.by_length[0].final == 2.0);
    CHECK(summary.by_length[0].counted == 5.0);
    REQUIRE(summary.by_group.size() == 1);
    CHECK(summary.by_group[0].name == "a");
    CHECK(summary.by_group[0].initial == 2.0);
    write_file(folder / "local.csv", "client,base_" + kind.key + ",global_" + kind.key +
                                         ",after_training_" + kind.key + "\n7,3,2,1\n");
    const auto local = read_local(folder / "local.csv");
    REQUIRE(local.size() == 1);
    CHECK(local[0].client == 7);
    CHECK(local[0].base == 3.0);
    CHECK(local[0].after_training == 1.0);
    write_file(folder / "scenario.toml", "name = \"x\"\n");
    CHECK(read_run(folder.path()).score == &kind);
  }
}

TEST_CASE("the partition's figures are read, its examples passed over") {
  const auto file = tests::golden_folder() / "report" / "partition.json";
  const Partition partition = read_partition(file);
  CHECK(partition.sizes == std::vector<std::uint32_t>{3, 1});
  CHECK(partition.gini == 0.25);
  REQUIRE(partition.skews.size() == 1);
  CHECK(partition.skews[0].by == "category");
  CHECK(partition.skews[0].bins == std::vector<std::string>{"a", "b"});
  CHECK(partition.skews[0].distance_max == 0.75);
  CHECK(partition.skews[0].rows[0] == decltype(partition.skews[0].rows)::value_type{{1, 3}});
  CHECK(partition.skews[0].distance[1] == 0.75F);
}

TEST_CASE("a sweep stands for its runs, and for nothing outside of it") {
  const tests::TemporaryFolder folder;
  make_folder(folder / "s/a/seed-1");
  write_file(folder / "s/a/seed-1/scenario.toml", "");
  write_file(folder / "scenario.toml", "");
  write_file(folder / "s/sweep.json", R"({"cases": [{"runs": [{"folder": "a/seed-1"},
    {"folder": "a/seed-2"}, {"folder": ".."}, {"folder": "/"}]}]})");
  CHECK(is_sweep(folder / "s"));
  CHECK(runs_of_sweep(folder / "s") == std::vector<std::filesystem::path>{folder / "s/a/seed-1"});
  write_file(folder / "s/sweep.json", R"({"name": "of lengths"})");
  CHECK(name_of_sweep(folder / "s") == "of lengths");
  write_file(folder / "s/sweep.json", "{}");
  CHECK(name_of_sweep(folder / "s").empty());
  CHECK(complaint([&] { runs_of_sweep(folder / "s"); }).find("is no table of a sweep") !=
        std::string::npos);
}

}  // namespace
}  // namespace lorafleet::report
