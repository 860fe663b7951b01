#include "actors/strategy/messages/faults.hpp"
#include "scenarios/schema/schema_builder.hpp"
#include "scenarios/schema/sections.hpp"

namespace lorafleet::scenarios {

namespace {

using strategy::AttackerConfig;

bool has_scale(const AttackerConfig& entry) {
  return entry.attack == "sign_flip" || entry.attack == "scale" || entry.attack == "noise";
}
bool is_free_rider(const AttackerConfig& entry) {
  return entry.attack == "free_rider";
}
bool is_label_noise(const AttackerConfig& entry) {
  return entry.attack == "label_noise";
}
bool is_dynamic(const AttackerConfig& entry) {
  return !is_label_noise(entry);
}

Table attacker_table() {
  TableOf<AttackerConfig> table;
  table.field("attack", &AttackerConfig::attack, "what these clients do")
      .names(strategy::attack_names())
      .required();
  table
      .field("share", &AttackerConfig::share,
             "part of the clients that do it: of all, or of those of `tier`")
      .between(0, 1);
  table.field("tier", &AttackerConfig::tier,
              "only clients of this tier of [devices]; empty: of any");
  table
      .field("scale", &AttackerConfig::scale,
             "factor on the change that they send; `noise`: standard deviation, in root mean "
             "squares of the honest change")
      .at_least(0)
      .only_if("attack is \"sign_flip\", \"noise\" or \"scale\"", has_scale);
  table
      .field("deviation", &AttackerConfig::deviation,
             "standard deviation of the noise that hides a free rider")
      .at_least(0)
      .only_if("attack is \"free_rider\"", is_free_rider);
  table
      .field("examples", &AttackerConfig::examples,
             "share of their examples that get wrong targets")
      .between(0, 1)
      .only_if("attack is \"label_noise\"", is_label_noise);
  table
      .field("from_version", &AttackerConfig::from_version,
             "they are honest in jobs that start from earlier versions")
      .at_least(0)
      .only_if("attack is not \"label_noise\"", is_dynamic);
  return table;
}

}  // namespace

Table faults_table() {
  using strategy::FaultsConfig;
  TableOf<FaultsConfig> table;
  table.list("attackers", &FaultsConfig::attackers,
             "groups of clients that send false updates or train on false data; no client is in "
             "two of them",
             attacker_table());
  return table;
}

}  // namespace lorafleet::scenarios
