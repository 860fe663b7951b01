#include "actors/coordinator/events.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

using namespace lorafleet;
using namespace lorafleet::actors;

TEST_CASE("each event has its line") {
  CHECK(
      to_json_line({{1500000}, JobDispatched{{{3}, {7}}, {2}, {9000001}, true, 640, 4096, 2048}}) ==
      R"({"t_us":1500000,"event":"job_dispatched","client":3,"seq":7,"version":2,)"
      R"("arrival_us":9000001,"trained":true,"tokens":640,"bytes_down":4096,"bytes_up":2048})");
  CHECK(to_json_line({{1500000},
                      JobDispatched{{{3}, {7}},
                                    {2},
                                    {9000001},
                                    true,
                                    640,
                                    4096,
                                    2048,
                                    sim::VirtualTime{2500000},
                                    sim::VirtualTime{8000000},
                                    {12}}}) ==
        R"({"t_us":1500000,"event":"job_dispatched","client":3,"seq":7,"version":2,)"
        R"("arrival_us":9000001,"trained":true,"tokens":640,"bytes_down":4096,"bytes_up":2048,)"
        R"("waited_us":12,"downloaded_us":2500000,"computed_us":8000000})");
  const sim::JobUsage whole{sim::JobPhase::complete, {9}, {5}, 4096, 2048};
  CHECK(to_json_line({{2}, UpdateArrived{{{3}, {7}}, {2}, 4, 0.5, 2.75, 1e-3, 640, whole}}) ==
        R"({"t_us":2,"event":"update_arrived","client":3,"seq":7,"version":2,"staleness":4,)"
        R"("weight":0.5,"loss":2.75,"norm":0.001,"tokens":640,"busy_us":9,"computing_us":5,)"
        R"("bytes_down":4096,"bytes_up":2048})");
  const sim::JobUsage part{sim::JobPhase::upload, {9}, {5}, 4096, 12, 0.5, 0.25};
  CHECK(to_json_line({{2}, UpdateLost{{{3}, {7}}, {2}, "surplus", part}}) ==
        R"({"t_us":2,"event":"update_lost","client":3,"seq":7,"version":2,"reason":"surplus",)"
        R"("phase":"upload","busy_us":9,"computing_us":5,"bytes_down":4096,"bytes_up":12,)"
        R"("joules":0.5,"cost":0.25})");
  CHECK(to_json_line({{2}, JobUnfinished{{{3}, {7}}, {2}, {sim::JobPhase::download, {9}, {}}}}) ==
        R"({"t_us":2,"event":"job_unfinished","client":3,"seq":7,"version":2,"phase":"download",)"
        R"("busy_us":9,"computing_us":0,"bytes_down":0,"bytes_up":0})");
  CHECK(to_json_line({{2}, UpdateLost{{{3}, {7}}, {2}, "too_stale"}}) ==
        R"({"t_us":2,"event":"update_lost","client":3,"seq":7,"version":2,)"
        R"("reason":"too_stale"})");
  CHECK(to_json_line({{2}, VersionMade{{5}, 4, 1.25, 0.1, 3.0}}) ==
        R"({"t_us":2,"event":"version_made","version":5,"updates":4,"mean_staleness":1.25,)"
        R"("step_norm":0.1,"adapter_norm":3})");
  CHECK(to_json_line({{2}, RoundFailed{{5}, 1}}) ==
        R"({"t_us":2,"event":"round_failed","version":5,"updates":1})");
  CHECK(to_json_line({{2}, RunStopped{"versions"}}) ==
        R"({"t_us":2,"event":"run_stopped","reason":"versions"})");
}

TEST_CASE("numbers come back to the last bit") {
  for (const double value : {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 123456789.0}) {
    const auto line =
        to_json_line({{0}, UpdateArrived{{{0}, {1}}, {0}, 0, value, value, value, 0}});
    CHECK(nlohmann::json::parse(line)["loss"].get<double>() == value);
  }
}

TEST_CASE("what JSON cannot write is null") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto event = nlohmann::json::parse(
      to_json_line({{0}, UpdateArrived{{{0}, {1}}, {0}, 0, 1.0, nan, -infinity, 0}}));
  CHECK(event["loss"].is_null());
  CHECK(event["norm"].is_null());
}

TEST_CASE("the largest ids and times are written in full") {
  const auto line = to_json_line({{std::numeric_limits<std::int64_t>::max()},
                                  UpdateLost{{{std::numeric_limits<std::uint32_t>::max()},
                                              {std::numeric_limits<std::uint64_t>::max()}},
                                             {0},
                                             "late"}});
  CHECK(line == R"({"t_us":9223372036854775807,"event":"update_lost","client":4294967295,)"
                R"("seq":18446744073709551615,"version":0,"reason":"late"})");
}
