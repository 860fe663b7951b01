#include "tools/terminal/outcome_text.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "actors/coordinator/run_status.hpp"
#include "actors/output/summary_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "tools/terminal/text.hpp"

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
  } else if (outcome.figures.contains("final.accuracy")) {
    text += "accuracy    " + fixed(number("initial.accuracy"), 3) + " -> " +
            fixed(number("final.accuracy"), 3) + "  (F1 " + fixed(number("final.f1"), 3) +
            ", cross entropy " + fixed(number("final.loss"), 3) + ")\n";
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

bool made_no_progress(const actors::RunOutcome& outcome) {
  return outcome.stop_reason == actors::kRunWithoutProgress;
}

std::string no_progress_text(const actors::RunOutcome& outcome) {
  const auto versions = static_cast<std::int64_t>(figure_of(outcome, "versions"));
  const auto rounds = static_cast<std::int64_t>(figure_of(outcome, "rounds_failed"));
  const auto infinite = static_cast<std::int64_t>(figure_of(outcome, "updates_not_finite"));
  std::string text = "no version could be made after version " + std::to_string(versions) + ": ";
  if (infinite > 0) {
    return text + grouped(infinite) +
           " updates were not finite or overflowed when they were folded; lower train.lr or "
           "aggregation.server_lr";
  }
  if (figure_of(outcome, "jobs") == 0.0) {
    return text + "no client was there to be invited; [availability] says who is online when";
  }
  if (rounds > 0) {
    return text + grouped(rounds) +
           " rounds failed; raise clients.deadline_seconds, or lower clients.min_updates or "
           "availability.drop_probability (--dry-run shows the effect)";
  }
  return text + grouped(static_cast<std::int64_t>(figure_of(outcome, "updates_dropped"))) +
         " jobs ended without an update; lower availability.drop_probability, or raise "
         "aggregation.max_staleness (--dry-run shows the effect)";
}

}  // namespace lorafleet::tools
