#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"

namespace lorafleet::report {

namespace {

std::string scenario_html(const Run& run, const std::string& label, bool open) {
  if (run.scenario_toml.empty()) return "";
  return "<details" + std::string(open ? " open class=\"data\"" : "") + "><summary>scenario.toml" +
         (label.empty() ? "" : " of " + escape(label)) + "</summary>\n<pre tabindex=\"0\">" +
         escape(run.scenario_toml) + "</pre></details>\n";
}

std::string hashes_html(const Story& story) {
  Table table;
  table.head = {"run", "seed", "adapter SHA-256", "events SHA-256"};
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const Summary& summary = story.data(run).summary;
    if (summary.texts.empty()) continue;
    table.rows.push_back({story.labels[run], number(summary.figure("seed")),
                          summary.text("adapter_sha256"), summary.text("events_sha256")});
  }
  return table.rows.empty() ? "" : table_html(table, "What the same run gives again");
}

std::string environment_html(const Run& run) {
  const std::string prefix = "environment.";
  Table table;
  table.head = {"where it ran", "value"};
  for (const auto& [key, value] : run.data.summary.texts) {
    if (key.starts_with(prefix)) table.rows.push_back({key.substr(prefix.size()), value});
  }
  return table.rows.empty() ? "" : table_html(table, "Where it ran");
}

}  // namespace

Section repeat_section(const Story& story) {
  std::string html;
  const bool trained = !story.data(0).summary.figures.empty();
  if (trained) {
    html =
        "<p>With <code>scenario.toml</code> of the run directory:</p>\n"
        "<pre tabindex=\"0\">lorafleet run scenario.toml\nlorafleet verify scenario.toml</pre>\n"
        "<p>The same scenario gives the same bytes, whatever the number of slots:</p>\n" +
        hashes_html(story);
  }
  constexpr std::size_t kMostScenarios = 20;
  for (std::size_t i = 0; i < std::min(story.groups.size(), kMostScenarios); ++i) {
    const std::size_t run = story.groups[i].runs.front();
    html += scenario_html(story.runs[run], story.single() ? "" : story.labels[run], story.single());
  }
  if (story.single()) html += environment_html(story.runs[0]);
  return {"repeat", "How to repeat it", html, {}};
}

}  // namespace lorafleet::report
