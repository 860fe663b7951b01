#include <doctest/doctest.h>

#include <algorithm>

#include "scenarios/grid/sweep.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {

TEST_CASE("the studies that ship are valid, whole and quick") {
  const auto scenarios_folder = tests::source_folder() / "scenarios";
  // Some want data that are imported first, or bases that are made first.
  const std::vector<std::string> sets = {
      "data.path=" + (scenarios_folder / "data/wordnet_definitions.jsonl").string(),
      "model.path=" + (scenarios_folder / "base/opt-mini").string()};
  std::size_t studies = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scenarios_folder / "studies")) {
    if (entry.path().extension() != ".toml") continue;
    CAPTURE(entry.path().string());
    ++studies;
    const auto whole = scenarios::read_sweep(entry.path(), sets);
    CHECK(whole.seeds.size() >= 5);
    CHECK_FALSE(whole.questions.empty());
    const auto quick = scenarios::read_sweep(entry.path(), sets, true);
    CHECK(quick.seeds.size() == 3);
    CHECK_FALSE(quick.questions.empty());
    CHECK(quick.questions.size() + quick.quick->unanswered.size() == whole.questions.size());
  }
  CHECK(studies >= 5);
}

}  // namespace lorafleet
