#include <algorithm>
#include <cmath>
#include <set>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostKeys = 24;

/// Keys that have not the same value in all runs, in the order of the scenario.
std::vector<std::string> differing_keys(const Story& story) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  for (const Run& run : story.runs) {
    for (const Setting& one : run.settings) {
      if (one.key == "name" || one.key == "seed" || !seen.insert(one.key).second) continue;
      const bool differs = std::any_of(story.runs.begin(), story.runs.end(), [&](const Run& other) {
        return setting(other, one.key) != one.value;
      });
      if (differs) keys.push_back(one.key);
    }
  }
  return keys;
}

std::string best_of(const RunData& run) {
  const auto found = run.curves.find("eval_perplexity");
  return found == run.curves.end() ? "–" : number(found->second.least.value);
}

}  // namespace

Section differences_section(const Story& story) {
  if (story.single()) return {};
  const auto keys = differing_keys(story);
  const std::size_t shown = std::min(keys.size(), kMostKeys);
  Table table;
  table.sortable = true;
  table.head = {"run",
                "seed",
                "perplexity at the end",
                "lowest",
                "virtual seconds",
                "versions",
                "updates applied",
                "jobs lost",
                "bytes",
                "status"};
  table.head.insert(table.head.end(), keys.begin(), keys.begin() + static_cast<long>(shown));
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const Summary& summary = story.data(run).summary;
    std::vector<std::string> cells = {story.labels[run], number(summary.figure("seed"))};
    cells.push_back(number(summary.figure("final.perplexity")));
    cells.push_back(best_of(story.data(run)));
    for (const char* figure : {"virtual_seconds", "versions", "updates_applied", "jobs_lost"})
      cells.push_back(number(summary.figure(figure)));
    cells.push_back(bytes_text(summary.figure("bytes_down") + summary.figure("bytes_up")));
    cells.push_back(summary.text("status").empty() ? "not ended" : summary.text("status"));
    for (std::size_t key = 0; key < shown; ++key) {
      const std::string value = setting(story.runs[run], keys[key]);
      cells.push_back(value.empty() ? "–" : value);
    }
    table.rows.push_back(std::move(cells));
  }
  if (shown < keys.size())
    table.note = grouped(static_cast<std::int64_t>(keys.size() - shown)) + " more keys differ.";
  const std::string sentence = keys.empty()
                                   ? "The runs differ in nothing but their seed and name."
                                   : "The runs differ in " +
                                         counted(static_cast<std::int64_t>(keys.size()), "key") +
                                         " of their scenarios.";
  return {"differences",
          "What differs",
          paragraph(sentence) + table_html(table, "Runs, their results and keys"),
          {}};
}

}  // namespace lorafleet::report
