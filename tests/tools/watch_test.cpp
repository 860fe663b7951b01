#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"
#include "tests/tools/terminal.hpp"

namespace lorafleet {
namespace {

/// A run that lasts until it is told to stop; its folder says how far it is.
class LongRun {
 public:
  LongRun()
      : program_({"run", small_.file(), "--out", folder(), "--quiet", "--set",
                  "stop.versions=1000000", "--set", "evaluation.every_versions=1000000"}) {
    for (int i = 0; i < 600 && !std::filesystem::exists(folder() + "/progress.json"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ~LongRun() {
    program_.signal(SIGKILL);
    program_.wait();
  }
  [[nodiscard]] std::string folder() const { return small_.path("out"); }
  tests::Program& program() { return program_; }

 private:
  tests::SmallScenario small_;
  tests::Program program_;
};

}  // namespace

TEST_CASE("watch follows a run of another process until it has ended") {
  LongRun run;
  const auto once = tests::run_program({"watch", run.folder(), "--once"});
  CHECK(once.status == 0);
  CHECK(tests::contains(once.out, "small  version "));
  CHECK(tests::contains(once.out, " in flight"));
  CHECK_FALSE(tests::contains(once.out, "\033"));
  const auto json = tests::run_program({"watch", run.folder(), "--once", "--json"});
  CHECK(nlohmann::json::parse(json.out).at("run") == "small");

  tests::Program watcher({"watch", run.folder()});
  tests::Program reader({"watch", run.folder(), "--json"});
  std::this_thread::sleep_for(std::chrono::seconds(10));
  CHECK_FALSE(watcher.ended());
  run.program().signal(SIGINT);
  CHECK(run.program().wait().status == 130);
  const auto seen = watcher.wait();
  CHECK(seen.status == 130);
  CHECK(tests::contains(seen.out, "version "));
  CHECK(tests::contains(seen.out, "small: interrupted (interrupted), "));
  const auto lines = reader.wait();
  CHECK(lines.status == 130);
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') > 2);
  CHECK(tests::contains(lines.out, "\"status\""));
  CHECK_FALSE(std::filesystem::exists(run.folder() + "/progress.json"));
}

TEST_CASE("watch tells a run that was killed, one that is complete, and what is none") {
  {
    LongRun run;
    run.program().signal(SIGKILL);
    run.program().wait();
    const auto killed = tests::run_program({"watch", run.folder()});
    CHECK(killed.status == 1);
    CHECK(tests::contains(killed.err, "failed or was killed"));
    REQUIRE(tests::run_program({"report", run.folder()}).status == 0);
    const std::string page = read_file(run.folder() + "/report.html");
    CHECK(tests::contains(page, "<h1>small</h1>"));
    CHECK(tests::contains(page, "This run is not finished"));
  }
  const tests::SmallScenario small;
  const std::string out = small.path("out");
  const auto run = tests::run_program({"run", small.file(), "--out", out, "--quiet"});
  REQUIRE(run.status == 0);
  CHECK_FALSE(std::filesystem::exists(out + "/progress.json"));
  const auto complete = tests::run_program({"watch", out});
  CHECK(complete.status == 0);
  CHECK(complete.out == run.out);
  const auto none = tests::run_program({"watch", small.path("")});
  CHECK(none.status == 2);
  CHECK(tests::contains(none.err, "is no run directory"));
  CHECK(tests::run_program({"watch", small.path("nowhere")}).status == 2);
}

TEST_CASE("watch shows real time go on while a run says nothing") {
  LongRun run;
  run.program().signal(SIGSTOP);
  const auto real_time = [&] {
    const auto once = tests::run_program({"watch", run.folder(), "--once"});
    const auto at = once.out.find("real ");
    REQUIRE(at != std::string::npos);
    return once.out.substr(at, once.out.find('\n', at) - at);
  };
  const std::string before = real_time();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  CHECK(real_time() != before);
  run.program().signal(SIGCONT);
}

TEST_CASE("watch draws the panel on a terminal") {
  LongRun run;
  std::thread stop([&] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    run.program().signal(SIGINT);
  });
  const auto seen = tests::run_on_terminal({"watch", run.folder()}, 70, true);
  stop.join();
  CHECK(seen.status == 130);
  tests::Screen screen(70);
  screen.feed(std::string_view(seen.bytes).substr(0, seen.bytes.find("tokens/s")));
  CHECK(screen.shows("small  version "));
  tests::Screen end(200);
  end.feed(seen.bytes);
  CHECK(end.shows("small: interrupted"));
  CHECK_FALSE(end.shows("by slot"));
}

}  // namespace lorafleet
