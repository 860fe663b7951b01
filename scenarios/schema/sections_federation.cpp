#include "scenarios/schema/sections.hpp"

#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/robust/robust.hpp"
#include "actors/strategy/selection/selection.hpp"
#include "actors/strategy/server_optimizer.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using Run = const actors::FederationConfig&;

bool is_sync(Run run) {
  return run.aggregation.mode == "sync";
}
bool has_rounds(Run run) {
  return is_sync(run) || run.aggregation.mode == "tiered";
}
bool has_no_rounds(Run run) {
  return !has_rounds(run);
}
bool may_be_stale(Run run) {
  return !is_sync(run) || run.clients.late == "carry_over";
}
bool weighs_staleness(Run run) {
  return may_be_stale(run) && run.aggregation.mode != "tiered";
}
bool is_tiered(Run run) {
  return run.aggregation.mode == "tiered";
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

constexpr const char* kRounds = "aggregation.mode is \"sync\" or \"tiered\"";
constexpr const char* kNoRounds = "aggregation.mode is \"fedbuff\" or \"fedasync\"";
constexpr const char* kStale =
    "updates can be stale: not with aggregation.mode \"sync\" and clients.late \"drop\"";
bool is_oort(Run run) {
  return run.clients.selection == "oort";
}
bool is_power_of_choice(Run run) {
  return run.clients.selection == "power_of_choice";
}
bool trims(Run run) {
  return weighs(run) && run.aggregation.robust == "trimmed_mean";
}
bool keeps_some(Run run) {
  return weighs(run) && run.aggregation.robust == "multi_krum";
}
bool is_krum(Run run) {
  return keeps_some(run) || (weighs(run) && run.aggregation.robust == "krum");
}

constexpr const char* kFoldsSeveral = "aggregation.mode is not \"fedasync\"";
bool splits_products(Run run) {
  return run.aggregation.lora == "hlora" || run.aggregation.lora == "flexlora" ||
         run.aggregation.lora == "product";
}
bool is_flora(Run run) {
  return run.aggregation.lora == "flora";
}
bool is_hetlora(Run run) {
  return run.aggregation.lora == "hetlora";
}

constexpr const char* kHetlora = "aggregation.lora is \"hetlora\"";
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

bool oort_has_quantiles(const strategy::OortConfig& oort) {
  return oort.step_seconds == 0.0;
}

Table oort_table() {
  using strategy::OortConfig;
  TableOf<OortConfig> table;
  constexpr const char* kQuantiles = "step_seconds is 0";
  table
      .field("exploration", &OortConfig::exploration,
             "share of the picks that go to clients not heard of yet, at version 0")
      .between(0, 1);
  table.field("exploration_decay", &OortConfig::exploration_decay, "its factor for each version")
      .between(0, 1);
  table.field("exploration_min", &OortConfig::exploration_min, "it falls no lower").between(0, 1);
  table
      .field("cutoff", &OortConfig::cutoff,
             "clients with this share of the score that would just do are drawn from as well")
      .between(0, 1);
  table
      .field("clip", &OortConfig::clip,
             "quantile of the utilities to which larger ones are clipped")
      .between(0, 1);
  table
      .field("alpha", &OortConfig::alpha,
             "a client that takes t > T seconds is worth (T/t)^alpha of its score")
      .at_least(0);
  table
      .field("preferred_quantile", &OortConfig::preferred_quantile,
             "T as a quantile of the clients' known durations, at first")
      .between(0, 1)
      .only_if(kQuantiles, oort_has_quantiles);
  table
      .field("quantile_step", &OortConfig::quantile_step,
             "the pacer's: added to the quantile after a window of lower utility")
      .between(0, 1)
      .only_if(kQuantiles, oort_has_quantiles);
  table
      .field("step_seconds", &OortConfig::step_seconds,
             "above 0: T at first, and what the pacer adds to it, instead of quantiles")
      .at_least(0)
      .unit("virtual seconds");
  table.field("window", &OortConfig::window, "how often the pacer compares utilities")
      .at_least(1)
      .unit("versions");
  table
      .field("most_picks", &OortConfig::most_picks,
             "a client with this many updates is picked only where no other is left; 0: no limit")
      .at_least(0);
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
      .only_if_run(kRounds, has_rounds);
  table.field("concurrency", &ClientsConfig::concurrency, "clients in flight at any time")
      .at_least(1)
      .only_if_run(kNoRounds, has_no_rounds);
  table
      .field("overcommit", &ClientsConfig::overcommit,
             "ceil(per_round * overcommit) clients are invited, the first per_round count")
      .between(1, 100)
      .only_if_run(kRounds, has_rounds);
  table
      .field("deadline_seconds", &ClientsConfig::deadline_seconds,
             "later updates are lost; 0: no deadline")
      .at_least(0)
      .unit("virtual seconds")
      .only_if_run(kRounds, has_rounds);
  table
      .field("min_updates", &ClientsConfig::min_updates,
             "with fewer updates in time a round fails and makes no version")
      .at_least(1)
      .only_if_run(kRounds, has_rounds);
  table
      .field("late", &ClientsConfig::late,
             "surplus and late updates are dropped, or carried over into the round in which they "
             "arrive")
      .names({"drop", "carry_over"})
      .only_if_run("aggregation.mode is \"sync\"", is_sync);
  table
      .field("power_d", &ClientsConfig::power_d,
             "candidates drawn by their examples, of whom those with the largest loss are picked")
      .at_least(1)
      .only_if_run("clients.selection is \"power_of_choice\"", is_power_of_choice);
  table
      .table("oort", &ClientsConfig::oort, "options of the selection `oort` (arXiv 2010.06081)",
             oort_table())
      .only_if_run("clients.selection is \"oort\"", is_oort);
  return table;
}

Table aggregation_table() {
  using strategy::AggregationConfig;
  TableOf<AggregationConfig> table;
  table
      .field("mode", &AggregationConfig::mode,
             "when a version is made: of a cohort, of a buffer of K, of each update, of a cohort "
             "of one speed")
      .names(strategy::policies().names());
  table.field("lora", &AggregationConfig::lora, "how LoRA factors are folded")
      .names(strategy::lora_rules().names());
  table
      .field("lora_split", &AggregationConfig::lora_split,
             "of singular values: balanced, the square root in both factors; b, all in B, with an "
             "orthonormal A")
      .names({"balanced", "b"})
      .only_if_run("aggregation.lora is \"hlora\", \"flexlora\" or \"product\"", splits_products);
  table
      .field("lora_reinit", &AggregationConfig::lora_reinit,
             "A after a version was folded into the base: fresh, drawn anew; initial, that of the "
             "start")
      .names({"fresh", "initial"})
      .only_if_run("aggregation.lora is \"flora\"", is_flora);
  table
      .field("hetlora_weighting", &AggregationConfig::hetlora_weighting,
             "norm: an update's weight is the norm of its product; weighting: as `weighting` says")
      .names({"norm", "weighting"})
      .only_if_run(kHetlora, is_hetlora);
  table
      .field("hetlora_gamma", &AggregationConfig::hetlora_gamma,
             "self-pruning keeps this part of a rank whose rest lost weight; 1: none")
      .above(0)
      .at_most(1)
      .only_if_run(kHetlora, is_hetlora);
  table.field("lora_report", &AggregationConfig::lora_report,
              "measure each fold: reconstruction error, effective rank, cosines");
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
      .field("tiers", &AggregationConfig::tiers,
             "groups of clients by speed, each with rounds of its own (arXiv 2010.05958)")
      .between(1, 1000)
      .only_if_run("aggregation.mode is \"tiered\"", is_tiered);
  table
      .table("staleness", &AggregationConfig::staleness, "weight of an update of staleness tau",
             staleness_table())
      .only_if_run("updates can be stale and aggregation.mode is not \"tiered\"", weighs_staleness);
  table
      .field("max_staleness", &AggregationConfig::max_staleness,
             "staler updates are dropped and counted; -1: none is")
      .at_least(-1)
      .unit("versions")
      .only_if_run(kStale, may_be_stale);
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
  table
      .field("clip_norm", &AggregationConfig::clip_norm,
             "updates that change the adapter by more than this Euclidean norm are scaled down to "
             "it; 0: none is")
      .at_least(0);
  table
      .field("clip_to_median", &AggregationConfig::clip_to_median,
             "the same, with the median of the norms in the fold")
      .only_if_run(kFoldsSeveral, weighs);
  table
      .field("robust", &AggregationConfig::robust,
             "fold that some false updates cannot lead astray (arXiv 1803.01498, 1703.02757)")
      .names(strategy::robust_rules().names())
      .only_if_run(kFoldsSeveral, weighs);
  table
      .field("trim", &AggregationConfig::trim,
             "share of the updates cut off at each end, in each coordinate")
      .at_least(0)
      .below(0.5)
      .only_if_run("aggregation.robust is \"trimmed_mean\"", trims);
  table
      .field("byzantine", &AggregationConfig::byzantine,
             "f, the false updates in a fold: a number of them, or below 1 a share of the fold")
      .between(0, 1e6)
      .only_if_run("aggregation.robust is \"krum\" or \"multi_krum\"", is_krum);
  table
      .field("krum_keep", &AggregationConfig::krum_keep,
             "m, the updates that multi-Krum keeps; 0: all but f")
      .at_least(0)
      .only_if_run("aggregation.robust is \"multi_krum\"", keeps_some);
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
  table
      .field("target_perplexity", &StopConfig::target_perplexity,
             "the run ends with the first version that was scored at or below it; the virtual "
             "clock waits for each score then; 0: no such target")
      .at_least(0);
  return table;
}

}  // namespace lorafleet::scenarios
