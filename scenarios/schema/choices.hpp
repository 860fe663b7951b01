#pragma once

#include <string>
#include <utility>
#include <vector>

#include "partition/support/registry.hpp"
#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

/// `is "a", "b" or "c"`, for some of `all`; where these are more than two and all but one,
/// `is not "d"`.
std::string is_one_of(const std::vector<std::string>& some, const std::vector<std::string>& all);

/// The value of a key that names an entry of a registry.
using Choice = const std::string& (*)(const void* owner, const actors::FederationConfig& run);

/// Holds where the entry that `choice` names reads `key`. `shown` is the key of the choice, for
/// people.
template <typename Entry>
Condition read_by(const Registry<Entry>& registry, const std::string& shown, const char* key,
                  Choice choice) {
  return {shown + " " + is_one_of(registry.readers(key), registry.names()),
          [&registry, key, choice](const void* owner, const actors::FederationConfig& run) {
            return registry.reads(choice(owner, run), key);
          }};
}

/// `condition`, where `holds` is true of the run too; the text stays.
inline Condition and_run(Condition condition, bool (*holds)(const actors::FederationConfig&)) {
  return {condition.text, [inner = condition.holds, holds](const void* owner, const auto& run) {
            return holds(run) && inner(owner, run);
          }};
}

}  // namespace lorafleet::scenarios
