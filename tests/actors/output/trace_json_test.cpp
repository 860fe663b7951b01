#include "actors/output/trace_json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

using Json = nlohmann::json;
using Track = std::pair<int, int>;  // process, thread

std::vector<actors::ClientFacts> two_tiers(std::size_t clients) {
  std::vector<actors::ClientFacts> facts(clients, {"slow \"phones\"", 4.0, 50, 10, 8, 30});
  for (std::size_t i = 1; i < clients; i += 2)
    facts[i] = {"fast", 16.0, 50, 10, 8, 30};
  return facts;
}

/// The trace of a golden event log, and that log.
struct Traced {
  std::vector<actors::Event> log;
  Json records;
  explicit Traced(const std::string& mode) {
    const tests::TemporaryFolder folder;
    actors::TraceJson trace(folder / "trace.json", two_tiers(12));
    const auto path = tests::golden_folder() / "events" / (mode + ".jsonl");
    for_each_line(path, [&](std::string_view line, std::size_t number) {
      log.push_back(actors::from_json_line(std::string(line), path.string(), number));
      trace.add(log.back());
    });
    trace.finish(log.back().time);
    records = Json::parse(read_file(folder / "trace.json")).at("traceEvents");
  }
  template <typename What>
  [[nodiscard]] std::size_t number_of() const {
    return static_cast<std::size_t>(std::count_if(
        log.begin(), log.end(),
        [](const actors::Event& event) { return std::holds_alternative<What>(event.what); }));
  }
};

Track track_of(const Json& record) {
  return {record.at("pid").get<int>(), record.at("tid").get<int>()};
}

/// What the format says of each kind of record: the keys that it must have.
void check_record(const Json& record) {
  static const std::map<std::string, std::set<std::string>> kKeys = {
      {"M", {"args"}},
      {"X", {"ts", "dur"}},
      {"B", {"ts"}},
      {"E", {"ts"}},
      {"C", {"ts", "args"}},
      {"i", {"ts", "s"}},
      {"s", {"ts", "id", "cat"}},
      {"t", {"ts", "id", "cat"}},
      {"f", {"ts", "id", "cat", "bp"}}};
  CAPTURE(record.dump());
  CHECK(record.at("name").is_string());
  CHECK(record.at("pid").get<int>() > 0);
  CHECK(record.at("tid").get<int>() >= 0);
  for (const auto& key : kKeys.at(record.at("ph")))
    CHECK(record.contains(key));
  if (record.contains("ts")) CHECK(record.at("ts").get<std::int64_t>() >= 0);
  if (record.contains("dur")) CHECK(record.at("dur").get<std::int64_t>() >= 0);
}

struct Span {
  std::int64_t from;
  std::int64_t until;
  std::string name;
};

/// The slices of a track in the order of their beginnings; of equals the outer one first.
std::map<Track, std::vector<Span>> slices_of(const Json& records) {
  std::map<Track, std::vector<Span>> slices;
  for (const Json& record : records) {
    const std::string phase = record.at("ph");
    const auto ts = record.value("ts", std::int64_t{0});
    if (phase == "X")
      slices[track_of(record)].push_back(
          {ts, ts + record.at("dur").get<std::int64_t>(), record.at("name")});
    if (phase == "B") slices[track_of(record)].push_back({ts, ts, record.at("name")});
    if (phase == "E") slices.at(track_of(record)).back().until = ts;
  }
  for (auto& [track, spans] : slices) {
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
      return std::tuple(a.from, -a.until) < std::tuple(b.from, -b.until);
    });
  }
  return slices;
}

std::size_t phase_count(const Json& records, const std::string& phase) {
  return static_cast<std::size_t>(std::count_if(
      records.begin(), records.end(), [&](const Json& record) { return record["ph"] == phase; }));
}

}  // namespace

TEST_CASE("a trace keeps to the format, and its slices lie in each other") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync", "tiered"}) {
    CAPTURE(mode);
    const Traced traced(mode);
    for (const Json& record : traced.records)
      check_record(record);
    CHECK(phase_count(traced.records, "B") == phase_count(traced.records, "E"));
    CHECK(phase_count(traced.records, "B") == traced.number_of<actors::VersionMade>() + 1);
    for (const auto& [track, spans] : slices_of(traced.records)) {
      std::vector<Span> open;
      for (const Span& span : spans) {
        while (!open.empty() && open.back().until <= span.from)
          open.pop_back();
        CAPTURE(span.name);
        if (!open.empty()) CHECK(span.until <= open.back().until);
        open.push_back(span);
      }
    }
  }
}

TEST_CASE("tiers are processes, the fastest first, and their clients threads that have a name") {
  const Traced traced("fedbuff");
  std::map<int, std::string> processes;
  std::map<int, int> order;
  std::map<Track, std::string> threads;
  std::map<Track, int> places;
  std::set<int> numbers;
  for (const Json& record : traced.records) {
    if (record["ph"] != "M") continue;
    const Json& arguments = record.at("args");
    const std::string what = record.at("name");
    if (what == "process_name") processes[record["pid"]] = arguments.at("name");
    if (what == "process_sort_index") order[record["pid"]] = arguments.at("sort_index");
    if (what == "thread_name") threads[track_of(record)] = arguments.at("name");
    if (what == "thread_sort_index") places[track_of(record)] = arguments.at("sort_index");
  }
  CHECK(processes == std::map<int, std::string>{
                         {1, "aggregator"}, {2, "tier fast"}, {3, "tier slow \"phones\""}});
  CHECK(order[1] < order[2]);
  CHECK(order[2] < order[3]);
  for (const auto& [track, name] : threads) {
    CHECK(numbers.insert(track.second).second);
    if (track.first == 1) continue;
    const int client = places.at(track);
    CHECK(name == "client " + std::to_string(client));
    CHECK(track.first == (client % 2 == 1 ? 2 : 3));
  }
  for (const auto& [track, spans] : slices_of(traced.records))
    CHECK(threads.contains(track));
}

TEST_CASE("each job is a slice that is named by its end, with its phases inside") {
  const Traced traced("sync");
  std::map<std::string, std::size_t> outcomes;
  std::map<std::string, std::size_t> expected;
  for (const Json& record : traced.records) {
    if (record["ph"] == "X" && record.contains("args")) ++outcomes[record.at("name")];
  }
  for (const auto& event : traced.log) {
    if (std::holds_alternative<actors::UpdateArrived>(event.what)) ++expected["update"];
    if (std::holds_alternative<actors::JobUnfinished>(event.what)) ++expected["unfinished"];
    if (const auto* lost = std::get_if<actors::UpdateLost>(&event.what); lost && lost->used)
      ++expected[lost->reason];
  }
  CHECK(outcomes == expected);
  CHECK(expected.size() > 2);

  const tests::TemporaryFolder folder;
  actors::TraceJson trace(folder / "trace.json", two_tiers(2));
  actors::JobDispatched job{{{1}, {1}}, {0}, {90}};
  job.waited = {5};
  job.downloaded = {{20}};
  job.computed = {{70}};
  trace.add({{10}, job});
  trace.add({{60}, actors::UpdateLost{{{1}, {1}}, {0}, "late", sim::JobUsage{}}});
  trace.finish({100});
  const auto slices = slices_of(Json::parse(read_file(folder / "trace.json"))["traceEvents"]);
  const auto& spans = slices.at({2, 5});
  REQUIRE(spans.size() == 4);
  const auto is = [&](std::size_t place, const char* name, std::int64_t from, std::int64_t until) {
    CHECK(spans[place].name == name);
    CHECK(spans[place].from == from);
    CHECK(spans[place].until == until);
  };
  is(0, "late", 10, 60);
  is(1, "waiting for the uplink", 10, 15);
  is(2, "download", 15, 20);
  is(3, "computing", 20, 60);
}

TEST_CASE("a flow leads from the dispatch of each folded update to its fold") {
  for (const std::string mode : {"sync", "fedbuff", "tiered"}) {
    CAPTURE(mode);
    const Traced traced(mode);
    std::map<int, std::map<std::string, std::int64_t>> flows;
    for (const Json& record : traced.records) {
      const std::string phase = record["ph"];
      if (phase == "s" || phase == "t" || phase == "f") flows[record["id"]][phase] = record["ts"];
    }
    std::map<int, std::int64_t> dispatched;
    std::size_t folded = 0;
    for (const auto& event : traced.log) {
      if (const auto* job = std::get_if<actors::JobDispatched>(&event.what))
        dispatched[static_cast<int>(job->id.seq.value)] = event.time.microseconds;
      if (const auto* made = std::get_if<actors::VersionMade>(&event.what))
        folded += static_cast<std::size_t>(made->updates);
    }
    CHECK(flows.size() == folded);
    for (auto& [seq, flow] : flows) {
      CHECK(flow.size() == 3);
      CHECK(flow["s"] == dispatched.at(seq));
      CHECK(flow["t"] == dispatched.at(seq));
      CHECK(flow["f"] > flow["s"]);
    }
  }
}

TEST_CASE("the counters of a trace are those of the log") {
  const Traced traced("fedasync");
  std::map<std::int64_t, std::int64_t> change;
  for (const auto& event : traced.log) {
    const std::int64_t time = event.time.microseconds;
    if (std::holds_alternative<actors::JobDispatched>(event.what)) ++change[time];
    if (std::holds_alternative<actors::UpdateArrived>(event.what)) --change[time];
    if (std::holds_alternative<actors::JobUnfinished>(event.what)) --change[time];
    const auto* lost = std::get_if<actors::UpdateLost>(&event.what);
    if (lost != nullptr && lost->used) --change[time];
  }
  std::map<std::int64_t, double> expected;
  double jobs = 0.0;
  for (const auto& [time, by] : change) {
    if (by == 0) continue;
    jobs += static_cast<double>(by);
    expected[time] = jobs;
  }
  std::map<std::int64_t, double> found;
  double version = 0.0;
  for (const Json& record : traced.records) {
    if (record["ph"] != "C") continue;
    if (record["name"] == "jobs") found[record["ts"]] = record["args"]["in flight"];
    if (record["name"] == "version") version = record["args"]["latest"];
  }
  CHECK(found == expected);
  CHECK(jobs == 0.0);
  CHECK(version == static_cast<double>(traced.number_of<actors::VersionMade>()));
}

TEST_CASE("of many jobs a trace has the slices, of very many the first ones, and says so") {
  using actors::TraceJson;
  const tests::TemporaryFolder folder;
  TraceJson trace(folder / "trace.json", two_tiers(4));
  std::uint64_t version = 0;
  // One job at the border of each part, then one in flight when the trace ends, and two too many.
  const std::vector<std::uint64_t> jobs = {TraceJson::kMostDetailed, TraceJson::kMostDetailed + 1,
                                           TraceJson::kMostJobs, TraceJson::kMostJobs + 1,
                                           TraceJson::kMostJobs + 2};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const sim::JobId id{{static_cast<std::uint32_t>(i % 4)}, {jobs[i]}};
    const auto start = static_cast<std::int64_t>(100 * i);
    const auto end = start + (jobs[i] == TraceJson::kMostJobs ? 150 : 50);
    trace.add({{start}, actors::JobDispatched{id, {version}, {end}}});
    if (i == 3) {
      actors::UpdateArrived late;
      late.id = {{2}, {TraceJson::kMostJobs}};
      trace.add({{start + 50}, late});
    }
    if (jobs[i] == TraceJson::kMostJobs) continue;
    actors::UpdateArrived arrived;
    arrived.id = id;
    trace.add({{end}, arrived});
    trace.add({{end}, actors::VersionMade{{++version}, 1}});
  }
  trace.add({{480}, actors::RoundFailed{{version}, 0}});
  trace.finish({500});
  const Json records = Json::parse(read_file(folder / "trace.json")).at("traceEvents");
  for (const Json& record : records)
    check_record(record);
  CHECK(phase_count(records, "X") == 4);  // three jobs, and a phase of the first
  CHECK(phase_count(records, "f") == 1);
  CHECK(phase_count(records, "B") == 3);
  CHECK(phase_count(records, "E") == 3);
  REQUIRE(phase_count(records, "i") == 1);
  for (const Json& record : records) {
    if (record["ph"] != "i") continue;
    CHECK(record["ts"] == 300);
    CHECK(record["name"].get<std::string>().find("200000 jobs") != std::string::npos);
  }
}

}  // namespace lorafleet
