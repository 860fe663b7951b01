#include "scenarios/schema/sections.hpp"

#include "actors/run/trainers/train_kinds.hpp"
#include "scenarios/schema/choices.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using actors::FederationConfig;

auto in_run(auto member) {
  return [member](Scenario & scenario) -> auto& {
    return scenario.federation.*member;
  };
}

/// Where the kind of learning has a base model and data, or where it has none.
Condition where_base(bool has_base) {
  const auto& kinds = actors::train_kinds();
  const auto names =
      kinds.names_where([&](const actors::TrainKind& kind) { return kind.has_base == has_base; });
  return {"train.kind " + is_one_of(names, kinds.names()),
          [has_base](const void*, const FederationConfig& run) {
            return actors::has_base(run) == has_base;
          }};
}

/// `table`, where these keys mean nothing to a surrogate.
Table for_lora(Table table, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    table.restrict(key, where_base(true));
  return table;
}

Table scenario_table() {
  using F = FederationConfig;
  TableOf<Scenario> table;
  table.field("name", in_run(&F::name), "letters, digits, '.', '_' and '-': part of file names");
  table.field("seed", in_run(&F::seed), "all randomness comes from it").at_least(0);
  table.table("model", in_run(&F::model), "The frozen base model.", model_table())
      .only_where(where_base(true));
  table.table("lora", in_run(&F::lora), "The adapter, as PEFT names its parts.",
              for_lora(lora_table(), {"lora_alpha", "lora_dropout", "use_rslora", "target_modules",
                                      "rank_pattern", "alpha_pattern", "init_adapter"}));
  table
      .table(
          "data", [](Scenario & s) -> auto& { return s.federation; },
          "The examples, and how they become tokens.", data_table())
      .only_where(where_base(true));
  table
      .table("surrogate", in_run(&F::surrogate),
             "The clients of a study of schedules: each has a quadratic loss of its own.",
             surrogate_table())
      .only_where(where_base(false));
  table.table("partition", in_run(&F::partition), "How the training examples are spread.",
              for_lora(partition_table(), {"min_examples", "skew"}));
  table.table("train", in_run(&F::train), "What a client does in a job.",
              for_lora(train_table(),
                       {"optimizer", "lr_schedule", "weight_decay", "beta1", "beta2", "epsilon",
                        "momentum", "max_grad_norm", "base_dropout", "recompute"}));
  table.table("clients", in_run(&F::clients), "Which clients train, and when.", clients_table());
  table.table("aggregation", in_run(&F::aggregation), "How updates become versions.",
              for_lora(aggregation_table(), {"lora_report"}));
  table.table("devices", in_run(&F::devices), "How fast clients compute.", devices_table());
  table.table("network", in_run(&F::network), "How fast clients are connected.", network_table());
  table.table("availability", in_run(&F::availability), "How reliable clients are.",
              availability_table());
  table.table("faults", in_run(&F::faults), "Clients that harm the run.", faults_table());
  table.table("slots", in_run(&F::slots), "Where the real training happens.", slots_table());
  table.table("evaluation", in_run(&F::evaluation), "How versions are scored.",
              for_lora(evaluation_table(), {"max_examples", "batch_tokens", "context_bins",
                                            "groups", "metrics", "local_share"}));
  table.table("checkpoint", in_run(&F::checkpoint), "How much a crash can cost.",
              checkpoint_table());
  table.table("output", in_run(&F::output), "What is written beside the results.", output_table());
  table.table("tls", in_run(&F::tls),
              "Certificates for a run over several hosts (`lorafleet run --listen`).", tls_table());
  table.table("stop", in_run(&F::stop), "The run ends at the first of these.", stop_table());
  table.field("expect", &Scenario::expect,
              "Thresholds on figures of summary.json; a run that misses one exits with 3.");
  return table;
}

}  // namespace

const Table& schema() {
  static const Table kTable = scenario_table();
  return kTable;
}

}  // namespace lorafleet::scenarios
