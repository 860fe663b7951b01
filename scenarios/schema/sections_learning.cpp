#include "scenarios/schema/sections.hpp"

#include <algorithm>

#include "actors/run/trainers/train_kinds.hpp"
#include "model/evaluation/metrics.hpp"
#include "model/network/dropout_choice.hpp"
#include "model/network/packing_choice.hpp"
#include "model/network/quantization/quantization_choice.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/training/optimizer.hpp"
#include "scenarios/schema/choices.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using Run = const actors::FederationConfig&;

Condition by_client_optimizer(const char* key) {
  return read_by(model::optimizers(), "train.optimizer", key,
                 [](const void*, Run run) -> const std::string& { return run.train.optimizer; });
}
bool has_metrics(Run run) {
  return !run.evaluation.metrics.empty();
}
bool has_local_parts(Run run) {
  return run.evaluation.local_share > 0.0;
}
bool has_groups(Run run) {
  return run.evaluation.groups > 0;
}
bool generates_text(Run run) {
  const auto& metrics = run.evaluation.metrics;
  return std::any_of(metrics.begin(), metrics.end(),
                     [](const std::string& metric) { return model::generates_text(metric); });
}
bool samples_text(Run run) {
  return generates_text(run) && run.evaluation.temperature > 0.0;
}

}  // namespace

Table model_table() {
  using model::ModelConfig;
  TableOf<ModelConfig> table;
  table.field("path", &ModelConfig::path, "Hugging Face directory of the frozen base model")
      .folder()
      .required()
      .made_by("a download, or a small one by lorafleet new-base");
  table.field("dtype", &ModelConfig::dtype, "number format of the frozen weights")
      .names({"float32", "bfloat16", "float16"});
  table
      .field("quantization", &ModelConfig::quantization,
             "what the base's linear layers, but for its head, are held in: numbers of dtype, or "
             "int8 or NF4, which become such numbers for each product. Of files that bitsandbytes "
             "quantised it must be what they hold")
      .names(model::quantization_choices().names());
  table
      .field(
          "packing", &ModelConfig::packing,
          "whether a bfloat16 base is kept twice more on a CPU with AVX-512, laid out as products "
          "read it forward and backward, for 4 to 8 % more speed (more with AMX): auto where that "
          "takes no more than 1 GiB, none, all. Never changes results")
      .names(model::packing_choices().names());
  return table;
}

namespace {

constexpr const char* kModules = "regular expression for the end of modules' names";

Table rank_pattern_table() {
  using model::RankPattern;
  TableOf<RankPattern> table;
  table.field("modules", &RankPattern::modules, kModules).required();
  table.field("r", &RankPattern::r, "their rank").within(model::LoraConfig::kRank).required();
  return table;
}

Table alpha_pattern_table() {
  using model::AlphaPattern;
  TableOf<AlphaPattern> table;
  table.field("modules", &AlphaPattern::modules, kModules).required();
  table.field("lora_alpha", &AlphaPattern::lora_alpha, "their lora_alpha").above(0).required();
  return table;
}

Table client_rank_table() {
  using model::ClientRank;
  TableOf<ClientRank> table;
  table.field("r", &ClientRank::r, "their rank").within(model::LoraConfig::kRank).required();
  table.field("share", &ClientRank::share, "part of the clients; shares are normalised")
      .at_least(0);
  table.field("tier", &ClientRank::tier, "name of their tier of [devices], instead of `share`");
  table
      .field("lora_alpha", &ClientRank::lora_alpha,
             "their lora_alpha; 0: that of [lora], with which the scale falls with the rank")
      .at_least(0);
  return table;
}

}  // namespace

Table lora_table() {
  using model::LoraConfig;
  TableOf<LoraConfig> table;
  table.field("r", &LoraConfig::r, "rank of the factors A and B")
      .within(LoraConfig::kRank)
      .replaced_by("ranks");
  table.field("lora_alpha", &LoraConfig::lora_alpha, "numerator of the scale: lora_alpha / r")
      .above(0);
  table.field("lora_dropout", &LoraConfig::lora_dropout, "dropout on the input of A in training")
      .at_least(0)
      .below(1);
  table.field("use_rslora", &LoraConfig::use_rslora, "scale by lora_alpha / sqrt(r) instead");
  table.field("target_modules", &LoraConfig::target_modules,
              "linear layers of the base that are adapted; \"all-linear\", alone: all but the "
              "output layer, as in PEFT");
  table.list("rank_pattern", &LoraConfig::rank_pattern,
             "other ranks for some modules; the first that matches counts", rank_pattern_table());
  table.list("alpha_pattern", &LoraConfig::alpha_pattern,
             "other lora_alpha for some modules; the first that matches counts",
             alpha_pattern_table());
  table.list("ranks", &LoraConfig::ranks,
             "unequal ranks of the clients, by share or by tier, instead of `r`; the server's is "
             "the largest",
             client_rank_table());
  table
      .field("init_adapter", &LoraConfig::init_adapter,
             "PEFT directory whose factors the run starts from; empty: A random, B zero")
      .folder();
  return table;
}

Table train_table() {
  using model::TrainConfig;
  TableOf<TrainConfig> table;
  table.field("kind", &TrainConfig::kind, "what clients do").names(actors::train_kinds().names());
  table.field("epochs", &TrainConfig::epochs, "passes over the client's examples in a job")
      .at_least(1)
      .replaced_by("steps");
  table.field("steps", &TrainConfig::steps, "optimiser steps in a job, instead of `epochs`")
      .at_least(0);
  table.field("batch_tokens", &TrainConfig::batch_tokens, "most tokens in a step")
      .at_least(1)
      .unit("tokens")
      .replaced_by("batch_size");
  table
      .field("batch_size", &TrainConfig::batch_size,
             "examples in a step, instead of `batch_tokens`")
      .at_least(0)
      .unit("examples");
  table.field("optimizer", &TrainConfig::optimizer, "the clients' optimiser")
      .names(model::optimizers().names());
  table.field("lr", &TrainConfig::lr, "learning rate").above(0);
  table
      .field("lr_schedule", &TrainConfig::lr_schedule,
             "how `lr` falls over the steps of a job: not at all, or to 0")
      .names(model::lr_schedules().names());
  table
      .field("lr_decay", &TrainConfig::lr_decay,
             "a job that starts from version v trains with lr * lr_decay^v")
      .above(0)
      .at_most(1);
  table
      .field("weight_decay", &TrainConfig::weight_decay,
             "weight decay: AdamW's decoupled one, SGD's added to the gradient")
      .at_least(0);
  table.field("beta1", &TrainConfig::beta1, "decay of AdamW's first moment")
      .at_least(0)
      .below(1)
      .only_where(by_client_optimizer("train.beta1"));
  table.field("beta2", &TrainConfig::beta2, "decay of AdamW's second moment")
      .at_least(0)
      .below(1)
      .only_where(by_client_optimizer("train.beta2"));
  table.field("epsilon", &TrainConfig::epsilon, "added to AdamW's denominator")
      .above(0)
      .only_where(by_client_optimizer("train.epsilon"));
  table.field("momentum", &TrainConfig::momentum, "momentum of SGD")
      .at_least(0)
      .below(1)
      .only_where(by_client_optimizer("train.momentum"));
  table
      .field("prox_mu", &TrainConfig::prox_mu,
             "FedProx: adds mu/2 |w - w_global|^2 to the loss (arXiv 1812.06127)")
      .at_least(0);
  table
      .field("max_grad_norm", &TrainConfig::max_grad_norm,
             "gradients are clipped to this Euclidean norm; 0: not clipped")
      .at_least(0);
  table
      .field("base_dropout", &TrainConfig::base_dropout,
             "the frozen base's own dropout while it trains: as its config.json says, or none")
      .names(model::dropout_choices().names());
  table
      .field(
          "recompute", &TrainConfig::recompute,
          "what the backward pass computes again instead of keeping it, for less memory: nothing, "
          "or all within a layer, for up to half more work. Never changes results")
      .names(model::recompute_choices().names());
  return table;
}

Table evaluation_table() {
  using model::EvaluationConfig;
  TableOf<EvaluationConfig> table;
  table
      .field("every_versions", &EvaluationConfig::every_versions,
             "how often the global adapter is scored; 0: only at the start and the end")
      .at_least(0);
  table
      .field("max_examples", &EvaluationConfig::max_examples,
             "held-out examples that are scored; 0: all of them")
      .at_least(0);
  table.field("batch_tokens", &EvaluationConfig::batch_tokens, "most tokens in a pass")
      .at_least(1)
      .unit("tokens");
  table
      .field("context_bins", &EvaluationConfig::context_bins,
             "quantile bins of context length in the final scores")
      .between(1, 100);
  table
      .field("groups", &EvaluationConfig::groups,
             "the largest groups of the test part that are scored apart in the final scores")
      .between(0, 1000);
  table
      .field(
          "group_by", &EvaluationConfig::group_by,
          "what these groups are: \"group\" (the units of the split), or an attribute of the rows")
      .only_if_run("evaluation.groups is above 0", has_groups);
  table
      .field(
          "metrics", &EvaluationConfig::metrics,
          "beside the likelihood: judged by the text that is generated, or by the most likely of "
          "an example's choices")
      .names(model::metrics().names());
  constexpr const char* kMetrics = "evaluation.metrics names one";
  constexpr const char* kTexts = "evaluation.metrics names one that generates text";
  table
      .field("text_every_versions", &EvaluationConfig::text_every_versions,
             "how often `metrics` are computed; 0: only at the end")
      .at_least(0)
      .only_if_run(kMetrics, has_metrics);
  table
      .field("text_examples", &EvaluationConfig::text_examples,
             "examples that `metrics` use; 0: all that are scored")
      .at_least(0)
      .only_if_run(kMetrics, has_metrics);
  table.field("max_new_tokens", &EvaluationConfig::max_new_tokens, "longest text")
      .between(1, 65536)
      .unit("tokens")
      .only_if_run(kTexts, generates_text);
  table.field("temperature", &EvaluationConfig::temperature, "of sampling; 0: greedy")
      .at_least(0)
      .only_if_run(kTexts, generates_text);
  table
      .field("top_k", &EvaluationConfig::top_k, "sample among this many most likely tokens; 0: all")
      .at_least(0)
      .only_if_run("evaluation.temperature is above 0", samples_text);
  table
      .field("top_p", &EvaluationConfig::top_p,
             "sample among the most likely tokens whose probabilities reach this")
      .within(EvaluationConfig::kTopP)
      .only_if_run("evaluation.temperature is above 0", samples_text);
  table
      .field("target_perplexity", &EvaluationConfig::target_perplexity,
             "summary.json says when a version was first scored at or below it, and what it took "
             "(`to_target`); the run goes on; 0: stop.target_perplexity")
      .at_least(0);
  table
      .field("local_share", &EvaluationConfig::local_share,
             "share of the training groups that clients keep as their own test parts; the final "
             "adapter is scored on them before and after each client's own training")
      .at_least(0)
      .at_most(0.9);
  table
      .field("local_clients", &EvaluationConfig::local_clients,
             "clients that are scored on their own test parts; 0: all")
      .at_least(0)
      .only_if_run("evaluation.local_share is above 0", has_local_parts);
  table
      .field("local_alone_jobs", &EvaluationConfig::local_alone_jobs,
             "jobs, one after the other, of each such client alone, from the initial adapter, "
             "never seeing the others: the local baseline; 0: none")
      .at_least(0)
      .only_if_run("evaluation.local_share is above 0", has_local_parts);
  return table;
}

}  // namespace lorafleet::scenarios
