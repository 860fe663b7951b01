#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "partition/support/limits.hpp"

namespace lorafleet::model {

/// [model]
struct ModelConfig {
  std::filesystem::path path;         ///< a Hugging Face directory
  std::string dtype = "float32";      ///< of the frozen base: float32, bfloat16, float16
  std::string quantization = "none";  ///< of its linear layers: none, int8, nf4
  std::string packing = "auto";       ///< copies as a CPU's products read them: auto, none, all
};

/// An element of [lora] rank_pattern: a rank for some of the modules.
struct RankPattern {
  std::string modules;  ///< a regular expression for the end of a module's name
  std::int64_t r = 8;
};

/// An element of [lora] alpha_pattern.
struct AlphaPattern {
  std::string modules;
  double lora_alpha = 16.0;
};

/// An element of [lora] ranks: a rank for some of the clients, by share or by device tier.
struct ClientRank {
  std::int64_t r = 8;
  double share = 0.0;       ///< of the clients; shares are normalised
  std::string tier;         ///< of [devices]
  double lora_alpha = 0.0;  ///< 0: [lora]'s
};

/// [lora]
struct LoraConfig {
  std::int64_t r = 8;
  double lora_alpha = 16.0;
  double lora_dropout = 0.0;
  bool use_rslora = false;
  std::vector<std::string> target_modules = {"q_proj", "v_proj"};
  /// As PEFT's; of several that match a module the first counts.
  std::vector<RankPattern> rank_pattern = {};
  std::vector<AlphaPattern> alpha_pattern = {};
  std::vector<ClientRank> ranks = {};       ///< in place of `r`; empty: `r` for all
  std::filesystem::path init_adapter = {};  ///< a PEFT directory to start from; empty: a fresh one

  static constexpr Limits kRank = between(1, 1024);  ///< each of them
};

/// [train]
struct TrainConfig {
  std::string kind = "lora";
  std::int64_t epochs = 1;
  std::int64_t steps = 0;  ///< optimiser steps; above 0 it replaces `epochs`
  /// At most this many tokens a step (one longer example may exceed it); with `batch_size`, in each
  /// of the passes that make up a step.
  std::int64_t batch_tokens = 2048;
  std::int64_t batch_size = 0;  ///< examples a step; above 0 it decides in place of batch_tokens
  std::string optimizer = "adamw";  ///< adamw, sgd
  double lr = 1e-3;
  /// Over the steps of a job: constant, linear, cosine (both to 0).
  std::string lr_schedule = "constant";
  double lr_decay = 1.0;  ///< `lr` of a job is lr * lr_decay^version, of the version it starts from
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum = 0.0;  ///< sgd
  double prox_mu = 0.0;   ///< FedProx (arXiv 1812.06127): adds mu/2 |w - w_global|^2 to the loss
  double max_grad_norm = 1.0;           ///< 0 switches clipping off
  std::string base_dropout = "config";  ///< the base's own: as its config.json says, or none
  std::string recompute = "none";       ///< what is computed again instead of kept: none, layer
};

/// How an example becomes tokens: part of [data].
struct EncodingConfig {
  std::int64_t max_tokens = 256;
  /// kUsualTruncation, kCutContextLeft, cut_context_right, drop.
  std::string truncation = std::string(kUsualTruncation);
  /// Between prompt and target: "none", or "prefix": what the tokenizer puts in front of a text
  /// (OPT: `</s>`), scored as the target's first token.
  std::string separator = "none";
  /// kUsualTemplate, "plain", "alpaca", or a text (model/text/prompt_template.hpp).
  std::string prompt_template = std::string(kUsualTemplate);
  std::string template_without_context = "";  ///< for rows without context; empty: the same
  /// Of conversations: "auto", "plain", "model", or a file (model/text/chat_template.hpp).
  std::filesystem::path chat_template = "auto";

  static constexpr std::string_view kUsualTemplate = "auto";  ///< what the data's format says
  /// kCutContextLeft; of a classifier cut_context_right, as Hugging Face's tokenizers cut.
  static constexpr std::string_view kUsualTruncation = "auto";
  static constexpr std::string_view kCutContextLeft = "cut_context_left";
};

/// [evaluation]
struct EvaluationConfig {
  std::int64_t every_versions = 2;  ///< 0: only at the start and the end
  std::int64_t max_examples = 200;  ///< 0: all of the test part
  std::int64_t batch_tokens = 4096;
  std::int64_t context_bins = 4;   ///< quantile bins of context length in the final report
  std::int64_t groups = 0;         ///< largest groups of the test part that are scored apart
  std::string group_by = "group";  ///< what they are: "group", or the name of an attribute
  /// Beside the likelihood (model/evaluation/metrics.hpp).
  std::vector<std::string> metrics = {};
  std::int64_t text_every_versions = 0;  ///< how often `metrics` are computed; 0: only at the end
  std::int64_t text_examples = 64;       ///< test examples that they use; 0: all that are scored
  std::int64_t max_new_tokens = 64;
  double temperature = 0.0;  ///< 0: greedy
  std::int64_t top_k = 0;
  double top_p = 1.0;
  double target_perplexity = 0.0;  ///< summary.json says what it took; 0: [stop]'s
  /// Share of the training groups whose examples are kept apart as each client's own test part.
  double local_share = 0.0;
  std::int64_t local_clients = 0;     ///< clients that are evaluated on theirs; 0: all
  std::int64_t local_alone_jobs = 0;  ///< of a client that never sees the others; 0: none

  static constexpr Limits kTopP = above(0).at_most(1);
};

}  // namespace lorafleet::model
