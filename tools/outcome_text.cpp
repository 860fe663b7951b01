#include "tools/outcome_text.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "actors/output/summary_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/printable.hpp"
#include "tools/text.hpp"

namespace lorafleet::tools {

namespace {

double figure_of(const actors::RunOutcome& outcome, const std::string& key) {
  const auto found = outcome.figures.find(key);
  return found == outcome.figures.end() ? 0.0 : found->second;
}

std::string count_of(const actors::RunOutcome& outcome, const std::string& key) {
  return grouped(static_cast<std::int64_t>(figure_of(outcome, key)));
}

/// ", 3 jobs in flight at the end, 1 update not folded": what the end cut off, if anything.
std::string left_over(const actors::RunOutcome& outcome) {
  const auto left = [&](const std::string& key, const std::string& one, const std::string& what) {
    const auto number = static_cast<std::int64_t>(figure_of(outcome, key));
    if (number == 0) return std::string();
    return ", " + grouped(number) + " " + one + (number == 1 ? "" : "s") + " " + what;
  };
  return left("jobs_in_flight_at_end", "job", "in flight at the end") +
         left("updates_waiting_at_end", "update", "not folded");
}

}  // namespace

std::string outcome_text(const std::string& name, const actors::RunOutcome& outcome,
                         const std::filesystem::path& folder) {
  const auto number = [&](const std::string& key) { return figure_of(outcome, key); };
  std::string text = printable(name) + ": " + outcome.status + " (" + outcome.stop_reason + "), " +
                     count_of(outcome, "versions") + " versions of " +
                     count_of(outcome, "updates_applied") + " updates, " +
                     count_of(outcome, "updates_dropped") + " dropped" + left_over(outcome) + "\n";
  if (outcome.figures.contains("final.perplexity")) {
    text += "perplexity  " + figure(number("initial.perplexity")) + " -> " +
            figure(number("final.perplexity")) + "  (token accuracy " +
            fixed(number("final.token_accuracy"), 3) + ")\n";
  }
  return text + "time        " + clock_text(number("virtual_seconds")) + " virtual, " +
         clock_text(number("wall_seconds")) + " real, " + count_of(outcome, "tokens_per_second") +
         " tokens/s, peak memory " + megabytes(number("peak_rss_bytes")) + "\n" +
         "adapter     sha256 " + outcome.adapter_sha256 + "\n" + "events      sha256 " +
         outcome.events_sha256 + "\n" + "written to  " + folder.string() + "\n";
}

NamedOutcome read_outcome(const std::filesystem::path& folder) {
  const auto file = folder / "summary.json";
  const std::string text = read_file(file);
  try {
    const auto json = nlohmann::json::parse(text);
    const auto word = [&](const char* key) { return printable(json.at(key).get<std::string>()); };
    return {word("name"),
            {word("status"), word("stop_reason"), word("adapter_sha256"), word("events_sha256"),
             actors::summary_figures(text)}};
  } catch (const nlohmann::json::exception& failure) {
    throw InputError(file.string(), std::string("is no summary of a run: ") + failure.what());
  }
}

}  // namespace lorafleet::tools
