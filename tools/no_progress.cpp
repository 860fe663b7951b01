#include "tools/no_progress.hpp"

#include "actors/coordinator/run_status.hpp"
#include "tools/text.hpp"

namespace lorafleet::tools {

namespace {

std::int64_t count_of(const actors::RunOutcome& outcome, const std::string& key) {
  const auto found = outcome.figures.find(key);
  return found == outcome.figures.end() ? 0 : static_cast<std::int64_t>(found->second);
}

}  // namespace

bool made_no_progress(const actors::RunOutcome& outcome) {
  return outcome.stop_reason == actors::kRunWithoutProgress;
}

std::string no_progress_text(const actors::RunOutcome& outcome) {
  const std::int64_t versions = count_of(outcome, "versions");
  const std::int64_t rounds = count_of(outcome, "rounds_failed");
  const std::int64_t infinite = count_of(outcome, "updates_not_finite");
  std::string text = "no version could be made after version " + std::to_string(versions) + ": ";
  if (infinite > 0) {
    return text + grouped(infinite) +
           " updates were not finite or overflowed when they were folded; lower train.lr or "
           "aggregation.server_lr";
  }
  if (count_of(outcome, "jobs") == 0) {
    return text + "no client was there to be invited; [availability] says who is online when";
  }
  if (rounds > 0) {
    return text + grouped(rounds) +
           " rounds failed; raise clients.deadline_seconds, or lower clients.min_updates or "
           "availability.drop_probability (--dry-run shows the effect)";
  }
  return text + grouped(count_of(outcome, "updates_dropped")) +
         " jobs ended without an update; lower availability.drop_probability, or raise "
         "aggregation.max_staleness (--dry-run shows the effect)";
}

}  // namespace lorafleet::tools
