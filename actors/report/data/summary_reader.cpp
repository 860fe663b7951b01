#include <cmath>
#include <nlohmann/json.hpp>

#include "actors/report/data/json_number.hpp"
#include "actors/report/data/run_data.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace {

using Json = nlohmann::ordered_json;

void flatten(const Json& json, const std::string& key, Summary& summary) {
  if (json.is_number()) {
    summary.figures[key] = json.get<double>();
  } else if (json.is_string()) {
    summary.texts[key] = json.get<std::string>();
  } else if (json.is_object()) {
    for (const auto& [name, value] : json.items())
      flatten(value, key.empty() ? name : key + '.' + name, summary);
  }
}

std::string length_name(const Json& bin) {
  const auto whole = [&](const char* key) {
    return std::to_string(static_cast<std::int64_t>(number_in(bin, key)));
  };
  const double to = number_in(bin, "context_tokens_to");
  const bool open = !(to < 1e9);
  return open ? whole("context_tokens_from") + " and more"
              : whole("context_tokens_from") + " to " + whole("context_tokens_to");
}

PartScore score_of(const ScoreKind& score, const std::string& name, const Json& first,
                   const Json& last) {
  return {name, number_in(first, score.key.c_str()), number_in(last, score.key.c_str()),
          number_in(last, score.counted_by.c_str())};
}

const Json& part(const Json& json, const char* key) {
  static const Json kNone = Json::object();
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

void read_parts(const Json& json, Summary& summary) {
  const Json& first = part(json, "initial");
  const Json& last = part(json, "final");
  const ScoreKind& score = score_where([&](const std::string& key) { return last.contains(key); });
  const Json& bins = part(last, "by_context_length");
  const Json& first_bins = part(first, "by_context_length");
  for (std::size_t i = 0; bins.is_array() && first_bins.is_array() && i < bins.size(); ++i) {
    if (i >= first_bins.size() || !(number_in(bins[i], score.counted_by.c_str()) > 0.0)) {
      continue;
    }
    summary.by_length.push_back(score_of(score, length_name(bins[i]), first_bins[i], bins[i]));
  }
  const Json& groups = part(last, "by_group");
  const Json& first_groups = part(first, "by_group");
  for (const auto& [name, own] : groups.items()) {
    if (!own.is_object() || !first_groups.contains(name)) continue;
    summary.by_group.push_back(score_of(score, name, first_groups.at(name), own));
  }
}

}  // namespace

double Summary::figure(const std::string& key) const {
  const auto found = figures.find(key);
  return found == figures.end() ? std::nan("") : found->second;
}

std::string Summary::text(const std::string& key) const {
  const auto found = texts.find(key);
  return found == texts.end() ? "" : found->second;
}

Summary read_summary(const std::filesystem::path& file) {
  Summary summary;
  Json json;
  try {
    json = Json::parse(read_file(file));
  } catch (const Json::exception& error) {
    throw InputError(file.string(), std::string("not valid JSON: ") + error.what());
  }
  if (!json.is_object()) throw InputError(file.string(), "must be an object of figures");
  flatten(json, "", summary);
  read_parts(json, summary);
  return summary;
}

}  // namespace lorafleet::report
