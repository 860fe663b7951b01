#include "scenarios/sections.hpp"

#include "actors/strategy/lora_rule.hpp"
#include "actors/strategy/policy.hpp"
#include "actors/strategy/selection.hpp"
#include "actors/strategy/server_optimizer.hpp"
#include "scenarios/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using Run = const actors::FederationConfig&;

bool is_sync(Run run) {
  return run.aggregation.mode == "sync";
}
bool is_asynchronous(Run run) {
  return !is_sync(run);
}
bool is_fedbuff(Run run) {
  return run.aggregation.mode == "fedbuff";
}
bool is_fedasync(Run run) {
  return run.aggregation.mode == "fedasync";
}
bool weighs(Run run) {
  return !is_fedasync(run);
}

bool is_sgd(Run run) {
  return run.aggregation.server_optimizer == "sgd";
}
bool is_adaptive(Run run) {
  return !is_sgd(run);
}
bool has_beta2(Run run) {
  return is_adaptive(run) && run.aggregation.server_optimizer != "adagrad";
}

constexpr const char* kSync = "aggregation.mode is \"sync\"";
constexpr const char* kAsynchronous = "aggregation.mode is not \"sync\"";
constexpr const char* kAdaptive = "aggregation.server_optimizer is not \"sgd\"";

bool staleness_has_a(const strategy::StalenessConfig& s) {
  return s.fn != "constant";
}
bool staleness_has_b(const strategy::StalenessConfig& s) {
  return s.fn == "hinge";
}

Table staleness_table() {
  using strategy::StalenessConfig;
  TableOf<StalenessConfig> table;
  table
      .field("fn", &StalenessConfig::fn,
             "constant: 1; polynomial: (1+tau)^-a; hinge: 1 if tau <= b, else 1/(a(tau-b)+1)")
      .names({"constant", "polynomial", "hinge"});
  table.field("a", &StalenessConfig::a, "how fast weight is lost")
      .at_least(0)
      .only_if("fn is \"polynomial\" or \"hinge\"", staleness_has_a);
  table.field("b", &StalenessConfig::b, "staleness up to which nothing is lost")
      .at_least(0)
      .unit("versions")
      .only_if("fn is \"hinge\"", staleness_has_b);
  return table;
}

}  // namespace

Table clients_table() {
  using strategy::ClientsConfig;
  TableOf<ClientsConfig> table;
  table.field("selection", &ClientsConfig::selection, "how clients are picked")
      .names(strategy::selections().names());
  table.field("per_round", &ClientsConfig::per_round, "updates wanted for a version")
      .at_least(1)
      .only_if_run(kSync, is_sync);
  table.field("concurrency", &ClientsConfig::concurrency, "clients in flight at any time")
      .at_least(1)
      .only_if_run(kAsynchronous, is_asynchronous);
  table
      .field("overcommit", &ClientsConfig::overcommit,
             "ceil(per_round * overcommit) clients are invited, the first per_round count")
      .between(1, 100)
      .only_if_run(kSync, is_sync);
  table
      .field("deadline_seconds", &ClientsConfig::deadline_seconds,
             "later updates are lost; 0: no deadline")
      .at_least(0)
      .unit("virtual seconds")
      .only_if_run(kSync, is_sync);
  table
      .field("min_updates", &ClientsConfig::min_updates,
             "with fewer updates in time a round fails and makes no version")
      .at_least(1)
      .only_if_run(kSync, is_sync);
  return table;
}

Table aggregation_table() {
  using strategy::AggregationConfig;
  TableOf<AggregationConfig> table;
  table
      .field("mode", &AggregationConfig::mode,
             "when a version is made: of a cohort, of a buffer of K, of each update")
      .names(strategy::policies().names());
  table.field("lora", &AggregationConfig::lora, "how LoRA factors are folded")
      .names(strategy::lora_rules().names());
  table.field("weighting", &AggregationConfig::weighting, "what an update's weight is")
      .names({"examples", "tokens", "uniform"})
      .only_if_run("aggregation.mode is not \"fedasync\"", weighs);
  table
      .field("buffer_size", &AggregationConfig::buffer_size,
             "K, the updates that make a version (arXiv 2106.06639)")
      .at_least(1)
      .only_if_run("aggregation.mode is \"fedbuff\"", is_fedbuff);
  table.field("alpha", &AggregationConfig::alpha, "mixing weight of an update (arXiv 1903.03934)")
      .above(0)
      .at_most(1)
      .only_if_run("aggregation.mode is \"fedasync\"", is_fedasync);
  table
      .table("staleness", &AggregationConfig::staleness, "weight of an update of staleness tau",
             staleness_table())
      .only_if_run(kAsynchronous, is_asynchronous);
  table
      .field("max_staleness", &AggregationConfig::max_staleness,
             "staler updates are dropped and counted; -1: none is")
      .at_least(-1)
      .unit("versions")
      .only_if_run(kAsynchronous, is_asynchronous);
  table
      .field("server_optimizer", &AggregationConfig::server_optimizer,
             "how the aggregate changes the global adapter")
      .names(strategy::server_optimizers().names());
  table.field("server_lr", &AggregationConfig::server_lr, "learning rate of the server").above(0);
  table
      .field("server_momentum", &AggregationConfig::server_momentum,
             "momentum of the server (arXiv 1909.06335); 0: none")
      .at_least(0)
      .below(1)
      .only_if_run("aggregation.server_optimizer is \"sgd\"", is_sgd);
  table
      .field("server_beta1", &AggregationConfig::server_beta1,
             "decay of the first moment (arXiv 2003.00295)")
      .at_least(0)
      .below(1)
      .only_if_run(kAdaptive, is_adaptive);
  table.field("server_beta2", &AggregationConfig::server_beta2, "decay of the second moment")
      .at_least(0)
      .below(1)
      .only_if_run("aggregation.server_optimizer is \"adam\" or \"yogi\"", has_beta2);
  table
      .field("server_tau", &AggregationConfig::server_tau,
             "added to the root of the second moment: the less, the more adaptive")
      .above(0)
      .only_if_run(kAdaptive, is_adaptive);
  return table;
}

Table stop_table() {
  using strategy::StopConfig;
  TableOf<StopConfig> table;
  table
      .field("versions", &StopConfig::versions,
             "versions made; 0: no such limit, and so where only another key of [stop] is given")
      .at_least(0);
  table.field("virtual_seconds", &StopConfig::virtual_seconds, "virtual time; 0: no such limit")
      .at_least(0)
      .unit("virtual seconds");
  table.field("updates", &StopConfig::updates, "updates applied; 0: no such limit").at_least(0);
  return table;
}

}  // namespace lorafleet::scenarios
