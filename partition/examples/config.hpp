#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "partition/support/limits.hpp"

namespace lorafleet::partition {

/// [data.fields]: the names of the fields in the user's files. An empty name means: not there. Each
/// but the target may be absent in a row; one that the user names (it differs from the default)
/// must be in some row.
struct FieldNames {
  std::string id = "id";
  std::string instruction = "instruction";
  std::string context = "context";
  std::string target = "target";
  std::string group = "group";
  std::string client = "client";
  std::string quality = "quality";  ///< an object of numbers
  std::string choices = "choices";  ///< an array of strings: the candidates, the target among them
  std::string references = "references";  ///< an array of strings: further right answers
  std::string messages = "messages";      ///< conversations: the turns; without it, "conversations"
  std::vector<std::string> attributes = {};  ///< fields that a skew can spread
};

/// [data.degrade]: spoils the contexts of a chosen share of the training examples, so that the
/// effect of quality can be measured causally. Sets quality "degraded" to 1 where it was done, else
/// 0.
struct DegradeConfig {
  std::string kind = "none";  ///< none, shuffle_words, drop_words, swap_context, truncate
  double share = 0.0;         ///< of the training examples
  double strength = 0.5;      ///< drop_words, truncate: share of the words removed
};

/// [data], the part that is read before tokens exist.
struct DataConfig {
  std::string format = "jsonl";
  std::filesystem::path path;
  std::filesystem::path test_path;  ///< empty: a tenth of the groups of `path` is test
  FieldNames fields;
  std::vector<std::string> labels;  ///< jsonl, csv, tsv: a target N is the N-th of them, from 0
  std::string task = "auto";        ///< glue: which task; "auto": told by the columns
  std::string unanswerable;  ///< squad 2: the target of questions without answer; empty: left out
  std::int64_t max_bad_lines = 0;
  std::int64_t max_examples = 0;  ///< 0: all; else a seeded sample
  DegradeConfig degrade;
};

/// The least alpha of a skew: below it every draw is one-hot, and nearer to 0 its logarithms
/// overflow.
inline constexpr double kSmallestAlpha = 1e-6;

/// [[partition.skew]]
struct SkewConfig {
  std::string by = "iid";     ///< iid, natural, context_length, quality, attribute, group, quantity
  double alpha = 1.0;         ///< of the Dirichlet draws; at least kSmallestAlpha
  std::int64_t bins = 5;      ///< context_length, quality: quantile bins
  std::vector<double> edges;  ///< instead of `bins`: inner edges, ascending
  std::string quality = "coverage";  ///< quality: which score
  std::string unit = "tokens";       ///< context_length: tokens, words, sentences
  std::string attribute;             ///< attribute: which one
};

/// [partition]
struct PartitionConfig {
  std::int64_t clients = 20;
  std::int64_t min_examples = 8;
  std::filesystem::path manifest;  ///< load this split instead of drawing one
  std::vector<SkewConfig> skews;   ///< empty: iid

  static constexpr Limits kClients = between(1, 10000000);
};

}  // namespace lorafleet::partition
