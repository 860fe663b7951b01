#include "scenarios/schema/sections.hpp"

#include "actors/strategy/fold/server_optimizer.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/rule_options.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/modes/rounds.hpp"
#include "actors/strategy/modes/staleness.hpp"
#include "actors/strategy/robust/robust.hpp"
#include "actors/strategy/selection/selection.hpp"
#include "scenarios/schema/choices.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using Run = const actors::FederationConfig&;

Condition by_mode(const char* key) {
  return read_by(strategy::modes(), "aggregation.mode", key,
                 [](const void*, Run run) -> const std::string& { return run.aggregation.mode; });
}
Condition by_selection(const char* key) {
  return read_by(strategy::selections(), "clients.selection", key,
                 [](const void*, Run run) -> const std::string& { return run.clients.selection; });
}
Condition by_rule(const char* key) {
  return read_by(strategy::lora_rules(), "aggregation.lora", key,
                 [](const void*, Run run) -> const std::string& { return run.aggregation.lora; });
}
Condition by_server_optimizer(const char* key) {
  return read_by(
      strategy::server_optimizers(), "aggregation.server_optimizer", key,
      [](const void*, Run run) -> const std::string& { return run.aggregation.server_optimizer; });
}
Condition by_robust(const char* key) {
  const Condition named =
      read_by(strategy::robust_rules(), "aggregation.robust", key,
              [](const void*, Run run) -> const std::string& { return run.aggregation.robust; });
  return and_run(named, [](Run run) {
    return strategy::modes().reads(run.aggregation.mode, "aggregation.robust");
  });
}
Condition by_staleness(const char* key) {
  return read_by(strategy::staleness_functions(), "fn", key,
                 [](const void* owner, Run) -> const std::string& {
                   return static_cast<const strategy::StalenessConfig*>(owner)->fn;
                 });
}

bool may_be_stale(Run run) {
  return strategy::may_be_stale(run.clients, run.aggregation);
}
Condition stale_and_weighed() {
  Condition condition = and_run(by_mode("aggregation.staleness"), may_be_stale);
  condition.text = "updates can be stale and " + condition.text;
  return condition;
}

constexpr const char* kStale =
    "updates can be stale: not with aggregation.mode \"sync\" and clients.late \"drop\"";

Table staleness_table() {
  using strategy::StalenessConfig;
  TableOf<StalenessConfig> table;
  table
      .field("fn", &StalenessConfig::fn,
             "constant: 1; polynomial: (1+tau)^-a; hinge: 1 if tau <= b, else 1/(a(tau-b)+1)")
      .names(strategy::staleness_functions().names());
  table.field("a", &StalenessConfig::a, "how fast weight is lost")
      .within(StalenessConfig::kParameter)
      .only_where(by_staleness("a"));
  table.field("b", &StalenessConfig::b, "staleness up to which nothing is lost")
      .within(StalenessConfig::kParameter)
      .unit("versions")
      .only_where(by_staleness("b"));
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
      .within(OortConfig::kShare);
  table.field("exploration_decay", &OortConfig::exploration_decay, "its factor for each version")
      .within(OortConfig::kShare);
  table.field("exploration_min", &OortConfig::exploration_min, "it falls no lower")
      .within(OortConfig::kShare);
  table
      .field("cutoff", &OortConfig::cutoff,
             "clients with this share of the score that would just do are drawn from as well")
      .within(OortConfig::kShare);
  table
      .field("clip", &OortConfig::clip,
             "quantile of the utilities to which larger ones are clipped")
      .within(OortConfig::kShare);
  table
      .field("alpha", &OortConfig::alpha,
             "a client that takes t > T seconds is worth (T/t)^alpha of its score")
      .within(OortConfig::kAlpha);
  table
      .field("preferred_quantile", &OortConfig::preferred_quantile,
             "T as a quantile of the clients' known durations, at first")
      .within(OortConfig::kShare)
      .only_if(kQuantiles, oort_has_quantiles);
  table
      .field("quantile_step", &OortConfig::quantile_step,
             "the pacer's: added to the quantile after a window of lower utility")
      .within(OortConfig::kShare)
      .only_if(kQuantiles, oort_has_quantiles);
  table
      .field("step_seconds", &OortConfig::step_seconds,
             "above 0: T at first, and what the pacer adds to it, instead of quantiles")
      .within(OortConfig::kStepSeconds)
      .unit("virtual seconds");
  table.field("window", &OortConfig::window, "how often the pacer compares utilities")
      .within(OortConfig::kWindow)
      .unit("versions");
  table
      .field("most_picks", &OortConfig::most_picks,
             "a client with this many updates is picked only where no other is left; 0: no limit")
      .within(OortConfig::kMostPicks);
  return table;
}

}  // namespace

Table clients_table() {
  using strategy::ClientsConfig;
  TableOf<ClientsConfig> table;
  table.field("selection", &ClientsConfig::selection, "how clients are picked")
      .names(strategy::selections().names());
  table.field("per_round", &ClientsConfig::per_round, "updates wanted for a version")
      .within(ClientsConfig::kPerRound)
      .only_where(by_mode("clients.per_round"));
  table.field("concurrency", &ClientsConfig::concurrency, "clients in flight at any time")
      .within(ClientsConfig::kConcurrency)
      .only_where(by_mode("clients.concurrency"));
  table
      .field("overcommit", &ClientsConfig::overcommit,
             "ceil(per_round * overcommit) clients are invited, the first per_round count")
      .within(ClientsConfig::kOvercommit)
      .only_where(by_mode("clients.overcommit"));
  table
      .field("deadline_seconds", &ClientsConfig::deadline_seconds,
             "later updates are lost; 0: no deadline")
      .within(ClientsConfig::kDeadlineSeconds)
      .unit("virtual seconds")
      .only_where(by_mode("clients.deadline_seconds"));
  table
      .field("min_updates", &ClientsConfig::min_updates,
             "with fewer updates in time a round fails and makes no version")
      .at_least(1)
      .only_where(by_mode("clients.min_updates"));
  table
      .field("late", &ClientsConfig::late,
             "surplus and late updates are dropped, or carried over into the round in which they "
             "arrive")
      .names(strategy::late_names())
      .only_where(by_mode("clients.late"));
  table
      .field("power_d", &ClientsConfig::power_d,
             "candidates drawn by their examples, of whom those with the largest loss are picked")
      .within(ClientsConfig::kPowerD)
      .only_where(by_selection("clients.power_d"));
  table
      .table("oort", &ClientsConfig::oort, "options of the selection `oort` (arXiv 2010.06081)",
             oort_table())
      .only_where(by_selection("clients.oort"));
  return table;
}

Table aggregation_table() {
  using strategy::AggregationConfig;
  TableOf<AggregationConfig> table;
  table
      .field("mode", &AggregationConfig::mode,
             "when a version is made: of a cohort, of a buffer of K, of each update, of a cohort "
             "of one speed")
      .names(strategy::modes().names());
  table.field("lora", &AggregationConfig::lora, "how LoRA factors are folded")
      .names(strategy::lora_rules().names());
  table
      .field("lora_split", &AggregationConfig::lora_split,
             "of singular values: balanced, the square root in both factors; b, all in B, with an "
             "orthonormal A")
      .names(strategy::splits().names())
      .only_where(by_rule("aggregation.lora_split"));
  table
      .field("lora_reinit", &AggregationConfig::lora_reinit,
             "A after a version was folded into the base: fresh, drawn anew; initial, that of the "
             "start")
      .names(strategy::reinits().names())
      .only_where(by_rule("aggregation.lora_reinit"));
  table
      .field("hetlora_weighting", &AggregationConfig::hetlora_weighting,
             "norm: an update's weight is the norm of its product; weighting: as `weighting` says")
      .names(strategy::hetlora_weightings().names())
      .only_where(by_rule("aggregation.hetlora_weighting"));
  table
      .field("hetlora_gamma", &AggregationConfig::hetlora_gamma,
             "self-pruning keeps this part of a rank whose rest lost weight; 1: none")
      .within(AggregationConfig::kHetloraGamma)
      .only_where(by_rule("aggregation.hetlora_gamma"));
  table
      .field(
          "hetlora_lambda", &AggregationConfig::hetlora_lambda,
          "weight of the penalty by which clients push down what hetlora_gamma would cut; 0: none")
      .within(AggregationConfig::kHetloraLambda)
      .only_where(by_rule("aggregation.hetlora_lambda"));
  table.field("lora_report", &AggregationConfig::lora_report,
              "measure each fold: reconstruction error, effective rank, cosines");
  table.field("weighting", &AggregationConfig::weighting, "what an update's weight is")
      .names(strategy::weighting_names())
      .only_where(by_mode("aggregation.weighting"));
  table
      .field("buffer_size", &AggregationConfig::buffer_size,
             "K, the updates that make a version (arXiv 2106.06639)")
      .within(AggregationConfig::kBufferSize)
      .only_where(by_mode("aggregation.buffer_size"));
  table.field("alpha", &AggregationConfig::alpha, "mixing weight of an update (arXiv 1903.03934)")
      .within(AggregationConfig::kAlpha)
      .only_where(by_mode("aggregation.alpha"));
  table
      .field("tiers", &AggregationConfig::tiers,
             "groups of clients by speed, each with rounds of its own (arXiv 2010.05958)")
      .within(AggregationConfig::kTiers)
      .only_where(by_mode("aggregation.tiers"));
  table
      .table("staleness", &AggregationConfig::staleness, "weight of an update of staleness tau",
             staleness_table())
      .only_where(stale_and_weighed());
  table
      .field("max_staleness", &AggregationConfig::max_staleness,
             "staler updates are dropped and counted; -1: none is")
      .within(AggregationConfig::kMaxStaleness)
      .unit("versions")
      .only_if_run(kStale, may_be_stale);
  table
      .field("server_optimizer", &AggregationConfig::server_optimizer,
             "how the aggregate changes the global adapter")
      .names(strategy::server_optimizers().names());
  table.field("server_lr", &AggregationConfig::server_lr, "learning rate of the server")
      .within(AggregationConfig::kServerLr);
  table
      .field("server_momentum", &AggregationConfig::server_momentum,
             "momentum of the server (arXiv 1909.06335); 0: none")
      .within(AggregationConfig::kServerDecay)
      .only_where(by_server_optimizer("aggregation.server_momentum"));
  table
      .field("server_beta1", &AggregationConfig::server_beta1,
             "decay of the first moment (arXiv 2003.00295)")
      .within(AggregationConfig::kServerDecay)
      .only_where(by_server_optimizer("aggregation.server_beta1"));
  table.field("server_beta2", &AggregationConfig::server_beta2, "decay of the second moment")
      .within(AggregationConfig::kServerDecay)
      .only_where(by_server_optimizer("aggregation.server_beta2"));
  table
      .field("server_tau", &AggregationConfig::server_tau,
             "added to the root of the second moment: the less, the more adaptive")
      .within(AggregationConfig::kServerTau)
      .only_where(by_server_optimizer("aggregation.server_tau"));
  table
      .field("clip_norm", &AggregationConfig::clip_norm,
             "updates that change the adapter by more than this Euclidean norm are scaled down to "
             "it; 0: none is")
      .within(AggregationConfig::kClipNorm);
  table
      .field("clip_to_median", &AggregationConfig::clip_to_median,
             "the same, with the median of the norms in the fold")
      .only_where(by_mode("aggregation.clip_to_median"));
  table
      .field("robust", &AggregationConfig::robust,
             "fold that some false updates cannot lead astray (arXiv 1803.01498, 1703.02757)")
      .names(strategy::robust_rules().names())
      .only_where(by_mode("aggregation.robust"));
  table
      .field("trim", &AggregationConfig::trim,
             "share of the updates cut off at each end, in each coordinate")
      .within(AggregationConfig::kTrim)
      .only_where(by_robust("aggregation.trim"));
  table
      .field("byzantine", &AggregationConfig::byzantine,
             "f, the false updates in a fold: a number of them, or below 1 a share of the fold")
      .within(AggregationConfig::kByzantine)
      .only_where(by_robust("aggregation.byzantine"));
  table
      .field("krum_keep", &AggregationConfig::krum_keep,
             "m, the updates that multi-Krum keeps; 0: all but f")
      .within(AggregationConfig::kKrumKeep)
      .only_where(by_robust("aggregation.krum_keep"));
  return table;
}

Table stop_table() {
  using strategy::StopConfig;
  TableOf<StopConfig> table;
  table
      .field("versions", &StopConfig::versions,
             "versions made; 0: no such limit, and so where only another key of [stop] is given")
      .within(StopConfig::kLimit);
  table.field("virtual_seconds", &StopConfig::virtual_seconds, "virtual time; 0: no such limit")
      .within(StopConfig::kLimit)
      .unit("virtual seconds");
  table.field("updates", &StopConfig::updates, "updates applied; 0: no such limit")
      .within(StopConfig::kLimit);
  table
      .field("target_perplexity", &StopConfig::target_perplexity,
             "the run ends with the first version that was scored at or below it; the virtual "
             "clock waits for each score then; 0: no such target")
      .within(StopConfig::kLimit);
  return table;
}

}  // namespace lorafleet::scenarios
