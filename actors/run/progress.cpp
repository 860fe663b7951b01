#include "actors/run/progress.hpp"

#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

std::string text_of(const Progress& progress) {
  std::string line = "version " + std::to_string(progress.totals.versions) + " at " +
                     shortest(progress.totals.time.seconds()) + " s, " +
                     std::to_string(progress.totals.updates_applied) + " updates, train loss " +
                     shortest(progress.train_loss);
  if (progress.evaluated_version) {
    line += progress.accuracy ? ", accuracy " + shortest(*progress.accuracy)
                              : ", perplexity " + shortest(progress.perplexity);
    line += " at version " + std::to_string(*progress.evaluated_version);
  }
  return line;
}

}  // namespace lorafleet::actors
