#include "actors/output/summary_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "actors/sim/fields.hpp"

namespace lorafleet::actors {

namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson score_json(const model::Score& score) {
  OrderedJson json;
  json["loss"] = score.loss();
  if (score.of_classifier()) {
    json["accuracy"] = score.accuracy();
    json["f1"] = score.f1();
    json["matthews"] = score.matthews();
    json["examples"] = score.examples;
    return json;
  }
  json["perplexity"] = score.perplexity();
  json["token_accuracy"] = score.token_accuracy();
  json["examples"] = score.examples;
  json["label_tokens"] = score.label_tokens;
  return json;
}

/// Of each class, by name: how many examples are of it, were taken for it, and both.
OrderedJson classes_json(const std::vector<model::ClassCount>& counts,
                         const std::vector<std::string>& names) {
  OrderedJson json;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : "LABEL_" + std::to_string(i);
    OrderedJson& own = json[name] = OrderedJson::object();
    model::ClassCount::fields(
        counts[i], [&](const char* key, const std::int64_t& count) { own[key] = count; });
  }
  return json;
}

OrderedJson evaluation_object(const model::Evaluation& evaluation,
                              const std::vector<std::string>& classes) {
  OrderedJson json = score_json(evaluation.total);
  if (evaluation.total.of_classifier()) {
    json["classes"] = classes_json(evaluation.total.classes, classes);
  }
  OrderedJson bins = OrderedJson::array();
  for (const auto& bin : evaluation.by_context_length) {
    OrderedJson entry = {{"context_tokens_from", bin.low}, {"context_tokens_to", bin.high}};
    entry.update(score_json(bin.score));
    bins.push_back(std::move(entry));
  }
  json["by_context_length"] = std::move(bins);
  for (const auto& [name, value] : evaluation.metrics)
    json[name] = value;
  if (!evaluation.predictions.empty()) json["predictions"] = evaluation.predictions.size();
  for (const auto& group : evaluation.by_group)
    json["by_group"][group.name] = score_json(group.score);
  return json;
}

OrderedJson data_of(const model::EncodingReport& encoding) {
  OrderedJson json = {{"truncated", encoding.truncated},
                      {"tokens_cut", encoding.tokens_cut},
                      {"dropped", encoding.dropped}};
  if (encoding.refused > 0) json["refused"] = encoding.refused;
  return json;
}

/// Over all tokens of all clients, and the mean of the clients' own perplexities; of a classifier
/// over all examples, and the mean of the clients' own accuracies.
template <typename Kind>
OrderedJson local_json(const std::vector<LocalScore>& scores, const Kind& kind) {
  model::Score total;
  double perplexities = 0.0;
  double accuracies = 0.0;
  for (const auto& score : scores) {
    total += kind(score);
    perplexities += kind(score).perplexity() / static_cast<double>(scores.size());
    accuracies += kind(score).accuracy() / static_cast<double>(scores.size());
  }
  OrderedJson json = score_json(total);
  if (total.of_classifier()) {
    json["mean_accuracy"] = accuracies;
  } else {
    json["mean_perplexity"] = perplexities;
  }
  return json;
}

/// When the target was reached and what it took: only `perplexity` and `reached` where it was not.
OrderedJson target_json(const RunSummary& summary) {
  OrderedJson json = {{"perplexity", summary.target_perplexity},
                      {"reached", summary.to_target.has_value()}};
  if (!summary.to_target) return json;
  const TargetReached& at = *summary.to_target;
  json["version"] = at.version;
  json["virtual_seconds"] = at.time.seconds();
  json["updates"] = at.updates;
  json["train_tokens"] = at.train_tokens;
  json["bytes_down"] = at.bytes_down;
  json["bytes_up"] = at.bytes_up;
  json["energy_wh"] = at.joules / 3600.0;
  return json;
}

/// Totals under their own names, times in seconds, energy in Wh; behind some of them what follows
/// from them.
struct TotalsWriter {
  OrderedJson& json;
  const RunSummary& summary;

  template <typename T>
  void operator()(const std::string& name, const T& value) const {
    if constexpr (sim::Time<T>) {
      json[name + "_seconds"] = value.seconds();
    } else if (name == "joules") {
      json["energy_wh"] = static_cast<double>(value) / 3600.0;
    } else {
      json[name] = value;
    }
    if (name == "jobs_lost") {
      json["updates_refused"] = summary.totals.updates_dropped - summary.totals.jobs_lost;
    } else if (name == "virtual") {
      json["wall_seconds"] = summary.wall_seconds;
    } else if (name == "train_tokens") {
      json["tokens_per_second"] =
          static_cast<double>(summary.totals.train_tokens) / std::max(summary.wall_seconds, 1e-9);
    }
  }
  void operator()(const char* /*stop_reason*/, const std::string& /*said_above*/) const {}
};

void flatten(const OrderedJson& json, const std::string& key,
             std::map<std::string, double>& figures) {
  if (json.is_number()) {
    figures[key] = json.get<double>();
  } else if (json.is_object() || json.is_array()) {
    for (const auto& [name, value] : json.items()) {
      flatten(value, key.empty() ? name : key + '.' + name, figures);
    }
  }
}

}  // namespace

std::string evaluation_json(const model::Evaluation& evaluation,
                            const std::vector<std::string>& classes) {
  return evaluation_object(evaluation, classes)
             .dump(2, ' ', false, OrderedJson::error_handler_t::replace) +
         '\n';
}

std::string summary_json(const RunSummary& summary) {
  const auto& totals = summary.totals;
  OrderedJson json;
  json["name"] = summary.name;
  json["seed"] = summary.seed;
  json["status"] = summary.status;
  json["stop_reason"] = totals.stop_reason;
  json["adapter_sha256"] = summary.adapter_sha256;
  json["events_sha256"] = summary.events_sha256;
  json["clients"] = summary.clients;
  json["train_examples"] = summary.train_examples;
  json["test_examples"] = summary.test_examples;
  json["data"] = data_of(summary.encoding);
  RunTotals::fields(totals, TotalsWriter{json, summary});
  json["participation"] = {{"gini", summary.participation.gini},
                           {"slow_half_share", summary.participation.slow_half_share}};
  json["peak_rss_bytes"] = summary.peak_rss_bytes;
  if (summary.initial) json["initial"] = evaluation_object(*summary.initial, summary.classes);
  if (summary.final) json["final"] = evaluation_object(*summary.final, summary.classes);
  const bool both = summary.initial && summary.final;
  if (both && summary.final->total.of_classifier()) {
    json["loss_ratio"] = summary.final->total.loss() / summary.initial->total.loss();
  } else if (both) {
    json["perplexity_ratio"] =
        summary.final->total.perplexity() / summary.initial->total.perplexity();
  }
  if (summary.target_perplexity > 0.0) json["to_target"] = target_json(summary);
  if (summary.local && !summary.local->empty()) {
    const auto of = [&](model::Score LocalScore::*kind) {
      return local_json(*summary.local, [&](const LocalScore& score) { return score.*kind; });
    };
    json["local"] = {{"clients", summary.local->size()},
                     {"base", of(&LocalScore::base)},
                     {"global", of(&LocalScore::global)},
                     {"after_training", of(&LocalScore::after_training)}};
    std::vector<LocalScore> slow = *summary.local;
    std::erase_if(slow, [&](const LocalScore& score) {
      return score.client >= summary.slow_half.size() || !summary.slow_half[score.client];
    });
    if (!slow.empty()) {
      json["local"]["slow_half"] =
          local_json(slow, [](const LocalScore& score) { return score.global; });
    }
    if (summary.local->front().alone) {
      json["local"]["alone"] =
          local_json(*summary.local, [](const LocalScore& score) { return *score.alone; });
    }
  }
  if (summary.model) {
    json["model"] = {{"dtype", summary.model->dtype},
                     {"quantization", summary.model->quantization}};
  }
  json["environment"] = summary.environment;
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

std::map<std::string, double> summary_figures(const std::string& summary_text) {
  std::map<std::string, double> figures;
  flatten(OrderedJson::parse(summary_text), "", figures);
  return figures;
}

}  // namespace lorafleet::actors
