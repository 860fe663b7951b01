#include "actors/output/early_lines.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

/// How often `text` has `part`.
std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("lines from before and after there is a log are told once, and are in it") {
  const tests::TemporaryFolder folder;
  std::vector<std::string> told;
  RunOptions options;
  options.log = [&](const std::string& line) { told.push_back("log " + line); };
  options.warning = [&](const std::string& line) { told.push_back("warning " + line); };
  EarlyLines early(options);
  const RunLog::Listener log = early.log, warning = early.warning;
  log("one");
  warning("two");
  CHECK(told == std::vector<std::string>{"log one", "warning two"});
  RunLog run_log(folder / "run.log", options.log, options.warning);
  early.replay(run_log);
  CHECK(told.size() == 2);
  log("three");
  {
    std::vector<std::jthread> slots;
    for (int slot = 0; slot < 4; ++slot)
      slots.emplace_back([&] { warning("four"); });
  }
  CHECK(told.size() == 7);
  CHECK(std::count(told.begin(), told.end(), "warning four") == 4);
  const std::string file = read_file(folder / "run.log");
  CHECK(count(file, "info: one\n") == 1);
  CHECK(count(file, "info: warning: two\n") == 1);
  CHECK(count(file, "info: three\n") == 1);
  CHECK(count(file, "warning: four\n") == 4);
}
