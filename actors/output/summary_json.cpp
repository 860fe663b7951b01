#include "actors/output/summary_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lorafleet::actors {

namespace {

using Json = nlohmann::ordered_json;

Json score_json(const model::Score& score) {
  return {{"loss", score.loss()},
          {"perplexity", score.perplexity()},
          {"token_accuracy", score.token_accuracy()},
          {"examples", score.examples},
          {"label_tokens", score.label_tokens}};
}

Json evaluation_object(const model::Evaluation& evaluation) {
  Json json = score_json(evaluation.total);
  Json bins = Json::array();
  for (const auto& bin : evaluation.by_context_length) {
    Json entry = {{"context_tokens_from", bin.low}, {"context_tokens_to", bin.high}};
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

Json data_of(const model::EncodingReport& encoding) {
  Json json = {{"truncated", encoding.truncated},
               {"tokens_cut", encoding.tokens_cut},
               {"dropped", encoding.dropped}};
  if (encoding.refused > 0) json["refused"] = encoding.refused;
  return json;
}

/// Over all tokens of all clients, and the mean of the clients' own perplexities.
Json local_json(const std::vector<LocalScore>& scores, model::Score LocalScore::*kind) {
  model::Score total;
  double perplexities = 0.0;
  for (const auto& score : scores) {
    total += score.*kind;
    perplexities += (score.*kind).perplexity() / static_cast<double>(scores.size());
  }
  Json json = score_json(total);
  json["mean_perplexity"] = perplexities;
  return json;
}

void flatten(const Json& json, const std::string& key, std::map<std::string, double>& figures) {
  if (json.is_number()) {
    figures[key] = json.get<double>();
  } else if (json.is_object() || json.is_array()) {
    for (const auto& [name, value] : json.items()) {
      flatten(value, key.empty() ? name : key + '.' + name, figures);
    }
  }
}

}  // namespace

std::string evaluation_json(const model::Evaluation& evaluation) {
  return evaluation_object(evaluation).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string summary_json(const RunSummary& summary) {
  const auto& totals = summary.totals;
  Json json = {{"name", summary.name},
               {"seed", summary.seed},
               {"status", summary.status},
               {"stop_reason", totals.stop_reason},
               {"adapter_sha256", summary.adapter_sha256},
               {"events_sha256", summary.events_sha256},
               {"clients", summary.clients},
               {"train_examples", summary.train_examples},
               {"test_examples", summary.test_examples},
               {"data", data_of(summary.encoding)},
               {"versions", totals.versions},
               {"jobs", totals.jobs},
               {"updates_received", totals.updates_received},
               {"updates_applied", totals.updates_applied},
               {"updates_dropped", totals.updates_dropped},
               {"jobs_lost", totals.jobs_lost},
               {"updates_refused", totals.updates_dropped - totals.jobs_lost},
               {"jobs_in_flight_at_end", totals.jobs_in_flight_at_end},
               {"updates_waiting_at_end", totals.updates_waiting_at_end},
               {"updates_not_finite", totals.updates_not_finite},
               {"updates_clipped", totals.updates_clipped},
               {"updates_rejected", totals.updates_rejected},
               {"rounds_failed", totals.rounds_failed},
               {"virtual_seconds", totals.time.seconds()},
               {"wall_seconds", summary.wall_seconds},
               {"train_tokens", totals.train_tokens},
               {"tokens_per_second",
                static_cast<double>(totals.train_tokens) / std::max(summary.wall_seconds, 1e-9)},
               {"bytes_down", totals.bytes_down},
               {"bytes_up", totals.bytes_up},
               {"busy_seconds", totals.busy.seconds()},
               {"computing_seconds", totals.computing.seconds()},
               {"energy_wh", totals.joules / 3600.0},
               {"cost", totals.cost},
               {"peak_rss_bytes", summary.peak_rss_bytes}};
  if (summary.initial) json["initial"] = evaluation_object(*summary.initial);
  if (summary.final) json["final"] = evaluation_object(*summary.final);
  if (summary.initial && summary.final) {
    json["perplexity_ratio"] =
        summary.final->total.perplexity() / summary.initial->total.perplexity();
  }
  if (summary.local) {
    json["local"] = {{"clients", summary.local->size()},
                     {"base", local_json(*summary.local, &LocalScore::base)},
                     {"global", local_json(*summary.local, &LocalScore::global)},
                     {"after_training", local_json(*summary.local, &LocalScore::after_training)}};
  }
  json["environment"] = summary.environment;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::map<std::string, double> summary_figures(const std::string& summary_text) {
  std::map<std::string, double> figures;
  flatten(Json::parse(summary_text), "", figures);
  return figures;
}

}  // namespace lorafleet::actors
