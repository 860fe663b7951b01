#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "partition/support/files.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;

namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(LORAFLEET_SOURCE_DIR) / "tests/fuzz";

}  // namespace

TEST_CASE("the seeds of every fuzz target are accepted") {
  for (const auto& target : fuzz::targets()) {
    for (const auto& entry : fs::directory_iterator(kFolder / "corpus" / target.name)) {
      INFO(entry.path().string());
      CHECK(fuzz::accepts(target, read_file(entry.path())));
    }
  }
}

TEST_CASE("every fuzz target is built and run, with a dictionary of its own") {
  std::string names;
  for (const auto& target : fuzz::targets()) {
    names += std::string(" ") + target.name;
    INFO(target.name);
    CHECK(fs::exists(kFolder / "dictionaries" / (std::string(target.name) + ".dict")));
  }
  CHECK(tests::contains(read_file(kFolder / "CMakeLists.txt"), "set(targets" + names + ")"));
  CHECK(tests::contains(read_file(kFolder / "ctest.cmake"), "foreach(target" + names + ")"));
}

TEST_CASE("what the fuzzers found is refused or read, and nothing worse") {
  std::size_t inputs = 0;
  for (const auto& target : fuzz::targets()) {
    const fs::path folder = kFolder / "findings" / target.name;
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      INFO(entry.path().string());
      CHECK_NOTHROW(fuzz::accepts(target, read_file(entry.path())));
      ++inputs;
    }
  }
  CHECK(inputs > 0);
}
