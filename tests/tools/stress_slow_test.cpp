#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/tools/program.hpp"

namespace lorafleet {
namespace {

std::vector<std::filesystem::path> stress_scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(tests::source_folder() / "scenarios" / "stress")) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::pair<std::string, std::string> hashes(const std::filesystem::path& run) {
  const auto summary = nlohmann::json::parse(read_file(run / "summary.json"));
  return {summary.at("adapter_sha256"), summary.at("events_sha256")};
}

}  // namespace

TEST_CASE("every stress scenario meets its thresholds, with the same bytes on 1 and 4 slots") {
  const auto files = stress_scenarios();
  CHECK(files.size() >= 10);
  for (const auto& file : files) {
    CAPTURE(file.filename().string());
    const tests::TemporaryFolder folder;
    std::vector<std::pair<std::string, std::string>> found;
    for (const std::string slots : {"1", "4"}) {
      const auto out = folder / slots;
      std::vector<std::string> arguments = {
          "run", file.string(), "--quiet", "--out", out.string(), "--set", "slots.count=" + slots};
      // A tenth of the million shows the same, in less memory.
      if (file.stem() == "million_clients") {
        arguments.insert(arguments.end(), {"--set", "partition.clients=100000"});
      }
      const auto output = tests::run_program(arguments);
      REQUIRE_MESSAGE(output.status == 0, output.err);
      found.push_back(hashes(out));
    }
    CHECK(found[0] == found[1]);
  }
}

}  // namespace lorafleet
