#include "actors/strategy/messages/faults.hpp"
#include "scenarios/schema/choices.hpp"
#include "scenarios/schema/schema_builder.hpp"
#include "scenarios/schema/sections.hpp"

namespace lorafleet::scenarios {

namespace {

using strategy::AttackerConfig;

Condition by_attack(const char* key) {
  return read_by(strategy::attack_kinds(), "attack", key,
                 [](const void* owner, const actors::FederationConfig&) -> const std::string& {
                   return static_cast<const AttackerConfig*>(owner)->attack;
                 });
}

Table attacker_table() {
  TableOf<AttackerConfig> table;
  table.field("attack", &AttackerConfig::attack, "what these clients do")
      .names(strategy::attack_kinds().names())
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
      .only_where(by_attack("scale"));
  table
      .field("deviation", &AttackerConfig::deviation,
             "standard deviation of the noise that hides a free rider")
      .at_least(0)
      .only_where(by_attack("deviation"));
  table
      .field("examples", &AttackerConfig::examples,
             "share of their examples that get wrong targets")
      .between(0, 1)
      .only_where(by_attack("examples"));
  table
      .field("from_version", &AttackerConfig::from_version,
             "they are honest in jobs that start from earlier versions")
      .at_least(0)
      .only_where(by_attack("from_version"));
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
