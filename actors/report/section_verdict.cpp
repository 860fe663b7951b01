#include <algorithm>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

std::string threshold_html(const Story& story) {
  Table table;
  if (!story.single()) table.head.emplace_back("run");
  for (const char* head : {"expected", "found", "verdict"})
    table.head.emplace_back(head);
  std::int64_t missed = 0;
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    for (const Threshold& one : story.runs[run].thresholds) {
      std::vector<std::string> cells;
      if (!story.single()) cells.push_back(story.labels[run]);
      cells.push_back(one.expected);
      cells.push_back(one.found ? number(*one.found) : "–");
      cells.emplace_back(one.met ? "met" : "missed");
      table.rows.push_back(std::move(cells));
      missed += one.met ? 0 : 1;
    }
  }
  if (table.rows.empty()) return "";
  const auto all = static_cast<std::int64_t>(table.rows.size());
  const std::string sentence =
      missed == 0 ? "What the scenario expects was met: " + counted(all, "threshold") + "."
                  : grouped(missed) + " of " + counted(all, "threshold") + " missed.";
  return "<p class=\"verdict " + std::string(missed == 0 ? "met" : "missed") + "\">" +
         escape(sentence) + "</p>\n" + table_html(table, "Thresholds");
}

std::string warnings_html(const Story& story) {
  constexpr std::size_t kMost = 30;
  std::vector<std::string> lines;
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    for (const std::string& warning : story.data(run).warnings) {
      const std::string line = story.single() ? warning : story.labels[run] + ": " + warning;
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    }
  }
  if (lines.empty()) return "";
  std::string html = "<h3>" + counted(static_cast<std::int64_t>(lines.size()), "warning") +
                     "</h3>\n<ul class=\"warnings\">\n";
  for (std::size_t i = 0; i < std::min(lines.size(), kMost); ++i)
    html += "<li>" + escape(lines[i]) + "</li>\n";
  html += "</ul>\n";
  if (lines.size() > kMost) html += paragraph("run.log has the others.", "note");
  return html;
}

}  // namespace

Section verdict_section(const Story& story) {
  return {"verdict", "Verdict", threshold_html(story) + warnings_html(story), {}};
}

}  // namespace lorafleet::report
