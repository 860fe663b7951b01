#include "partition/skews/skew_notes.hpp"

#include <unordered_set>

#include "partition/examples/attributes.hpp"
#include "partition/support/error.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::size_t kLongestName = 60;  // letters of a name

/// Fewer than two examples a bin: hardly any two that could come together.
bool too_fine(std::size_t bins, std::size_t examples) {
  return bins > 1 && 2 * bins > examples;
}

/// Attributes that could be spread instead, with the number of their values.
std::vector<std::string> coarser_attributes(const SkewInput& input) {
  std::vector<std::string> found;
  for (const auto& name : attribute_names(input.examples, input.training)) {
    std::unordered_set<std::string_view> values;
    for (const auto index : input.training)
      values.insert(attribute_value(input.examples[index], name));
    if (values.size() > 1 && !too_fine(values.size(), input.training.size())) {
      found.push_back("\"" + short_name(name, kLongestName) + "\" (" +
                      std::to_string(values.size()) + " values)");
    }
  }
  return found;
}

std::string too_fine_note(const Bins& bins, const SkewInput& input) {
  const std::string note =
      skew_name(bins.by, bins.measure) + ": " + std::to_string(bins.names.size()) + " bins for " +
      std::to_string(input.training.size()) +
      " training examples, so hardly two are in the same one and the clients are as if iid; ";
  if (find_skew(bins.by).quantiles) return note + "use fewer bins";
  auto coarser = coarser_attributes(input);
  if (coarser.empty()) {
    return note +
           "use a field of which many rows have the same value (docs/data.md says how a row " +
           "gets attributes), or another skew";
  }
  constexpr std::size_t kMost = 8;
  if (coarser.size() > kMost) {
    const std::size_t more = coarser.size() - kMost;
    coarser.resize(kMost);
    coarser.push_back("and " + std::to_string(more) + " more");
  }
  return note + "use by = \"attribute\" with one of: " + join(coarser);
}

}  // namespace

std::vector<std::string> notes_on(const Bins& bins, const SkewInput& input) {
  std::vector<std::string> notes;
  const bool quantiles = find_skew(bins.by).quantiles;
  const auto found = static_cast<std::int64_t>(bins.names.size());
  if (quantiles && input.config.edges.empty() && found < input.config.bins) {
    notes.push_back(bins.by + ": " + std::to_string(found) + " bins instead of " +
                    std::to_string(input.config.bins) + ", since many examples have the same " +
                    bins.measure);
  }
  if (bins.lacking > 0) {
    notes.push_back(skew_name(bins.by, bins.measure) + ": " + std::to_string(bins.lacking) +
                    " of " + std::to_string(input.training.size()) +
                    " training examples do not have it; they are the bin \"" + bins.names.back() +
                    "\"");
  }
  if (!quantiles && found == 1) {
    notes.push_back(skew_name(bins.by, bins.measure) + ": all training examples have the same, \"" +
                    short_name(bins.names.front(), kLongestName) +
                    "\", so there is nothing to spread");
  }
  if (too_fine(bins.names.size(), input.training.size())) {
    notes.push_back(too_fine_note(bins, input));
  }
  return notes;
}

}  // namespace lorafleet::partition
