#include "partition/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "partition/skews/skew.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::partition {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKind = "lorafleet.partition";
constexpr int kFormat = 1;

Json settings_of(const PartitionConfig& config) {
  Json skews = Json::array();
  for (const auto& skew : config.skews) {
    Json entry = {{"by", skew.by}};
    const SkewKind& kind = find_skew(skew.by);
    if (kind.draws()) entry["alpha"] = skew.alpha;
    if (kind.measure != nullptr) entry[kind.measure_key] = skew.*kind.measure;
    if (kind.quantiles) {
      entry[skew.edges.empty() ? "bins" : "edges"] =
          skew.edges.empty() ? Json(skew.bins) : Json(skew.edges);
    }
    skews.push_back(entry);
  }
  return {{"clients", config.clients}, {"min_examples", config.min_examples}, {"skews", skews}};
}

Json skew_of(const Bins& bins, const SkewStatistics& statistics) {
  return {{"by", bins.by},
          {"measure", bins.measure},
          {"edges", bins.edges},
          {"bins", bins.names},
          {"js_distance_mean", statistics.js_mean},
          {"js_distance_max", statistics.js_max}};
}

Json counts_of(const std::vector<std::string>& names, const std::vector<BinCount>& row) {
  Json counts = Json::object();
  for (const auto& [bin, count] : row) {
    // Names differ and rows ascend, so there is nothing to look up: a search would be quadratic.
    counts.get_ref<Json::object_t&>().emplace_back(names[bin], count);
  }
  return counts;
}

Json client_of(const Partition& partition, const PartitionStatistics& statistics,
               const std::vector<Example>& examples, std::size_t client) {
  Json entry = {{"client", client}};
  if (!partition.names.empty()) entry["name"] = partition.names[client];
  entry["size"] = partition.clients[client].size();
  Json tables = Json::array();
  Json distances = Json::array();
  for (const auto& skew : statistics.skews) {
    tables.push_back(counts_of(skew.bins, skew.table[client]));
    distances.push_back(skew.js_distance[client]);
  }
  if (!statistics.skews.empty()) {
    entry["js_distance"] = distances;
    entry["bins"] = tables;
  }
  Json ids = Json::array();
  for (const auto index : partition.clients[client]) {
    ids.push_back(examples[index].id);
  }
  entry["examples"] = ids;
  return entry;
}

/// Resolves the ids of a manifest, each of which may be claimed once.
class Claims {
 public:
  Claims(const std::string& file, const std::vector<Example>& examples, const Indices& training)
      : file_(file), left_(training.size()) {
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      index_of_.emplace(examples[i].id, i);
    }
    owner_.assign(examples.size(), kTest);
    for (const auto index : training) {
      owner_[index] = kFree;
    }
  }

  std::uint32_t claim(const std::string& id, std::size_t client) {
    const auto place = [&] { return file_ + ": clients[" + std::to_string(client) + "]"; };
    const auto found = index_of_.find(id);
    if (found == index_of_.end()) {
      throw InputError(place(),
                       "the data have no example with the id \"" + id +
                           "\"; the manifest belongs to other data, or data.max_examples or "
                           "the seed differ");
    }
    std::int64_t& owner = owner_[found->second];
    if (owner == kTest) {
      throw InputError(
          place(), "example \"" + id + "\" is in a test group; only training examples are allowed");
    }
    if (owner != kFree) {
      throw InputError(place(), "example \"" + id + "\" belongs to client " +
                                    std::to_string(owner) +
                                    " already; each example is allowed once");
    }
    owner = static_cast<std::int64_t>(client);
    --left_;
    return found->second;
  }

  void check_complete(std::size_t training) const {
    if (left_ == 0) return;
    throw InputError(file_, "names " + std::to_string(training - left_) + " of the " +
                                std::to_string(training) +
                                " training examples; every one must belong to a client");
  }

 private:
  static constexpr std::int64_t kTest = -2;
  static constexpr std::int64_t kFree = -1;

  std::string file_;
  std::unordered_map<std::string, std::uint32_t> index_of_;
  std::vector<std::int64_t> owner_;
  std::size_t left_;
};

Json parse(const std::filesystem::path& path) {
  constexpr int kDeepest = 16;  // a manifest has four levels; copying and writing JSON recurse
  const auto check_depth = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kDeepest) throw InputError(path.string(), "not valid JSON: nested too deeply");
    return true;
  };
  Json manifest;
  try {
    manifest = Json::parse(read_file(path), check_depth);
  } catch (const Json::exception& error) {
    throw InputError(path.string(), std::string("not valid JSON: ") + error.what());
  }
  const bool ours = manifest.is_object() && manifest.value("kind", Json()) == Json(kKind) &&
                    manifest.value("format", Json()) == Json(kFormat);
  if (!ours) {
    throw InputError(path.string(), "not a partition manifest: \"kind\": \"" + std::string(kKind) +
                                        "\" and \"format\": " + std::to_string(kFormat) +
                                        " were expected");
  }
  return manifest;
}

void check_count(const std::string& place, const std::string& what, const Json& stated,
                 std::size_t found) {
  if (stated == Json(found)) return;
  throw InputError(place, "states " + stated.dump() + " " + what + " but " + std::to_string(found) +
                              " are there");
}

void load_clients(const Json& manifest, const std::string& file, Claims& claims,
                  Partition& partition) {
  for (const auto& entry : manifest.at("clients")) {
    const std::size_t client = partition.clients.size();
    auto& list = partition.clients.emplace_back();
    for (const auto& id : entry.at("examples")) {
      list.push_back(claims.claim(id.get<std::string>(), client));
    }
    const std::string place = file + ": clients[" + std::to_string(client) + "]";
    check_count(place, "examples", entry.at("size"), list.size());
    if (list.empty()) throw InputError(place, "has no example; at least one is needed");
    std::sort(list.begin(), list.end());
    if (entry.contains("name")) partition.names.push_back(entry.at("name").get<std::string>());
  }
  if (partition.clients.empty()) throw InputError(file, "names no client; at least one is needed");
  if (!partition.names.empty()) {
    check_count(file, "clients with a name", partition.names.size(), partition.clients.size());
  }
}

Provenance provenance_of(const Json& manifest, const std::string& file) {
  const Json& seed = manifest.at("seed");
  const Json& settings = manifest.at("settings");
  if (!seed.is_number_unsigned() || !settings.is_object()) {
    throw InputError(file, "\"seed\" must be a whole number from 0 and \"settings\" an object");
  }
  return {seed.get<std::uint64_t>(), settings.dump()};
}

SkewConfig stored_skew(const Json& skew) {
  SkewConfig config;
  config.by = skew.at("by").get<std::string>();
  config.edges = skew.at("edges").get<std::vector<double>>();
  config.bins = 1;
  const SkewKind& kind = find_skew(config.by);
  if (kind.measure != nullptr) config.*kind.measure = skew.at("measure").get<std::string>();
  return config;
}

}  // namespace

std::string manifest_text(const Partition& partition, const PartitionStatistics& statistics,
                          const std::vector<Example>& examples, const PartitionConfig& config,
                          std::uint64_t seed) {
  Json skews = Json::array();
  for (std::size_t s = 0; s < partition.bins.size(); ++s) {
    skews.push_back(skew_of(partition.bins[s], statistics.skews[s]));
  }
  Json clients = Json::array();
  for (std::size_t c = 0; c < partition.clients.size(); ++c) {
    clients.push_back(client_of(partition, statistics, examples, c));
  }
  const auto& drawn = partition.provenance;
  const Quantiles& sizes = statistics.sizes;
  const Json manifest = {{"kind", kKind},
                         {"format", kFormat},
                         {"seed", drawn ? drawn->seed : seed},
                         {"settings", drawn ? Json::parse(drawn->settings) : settings_of(config)},
                         {"examples", partition.training.size()},
                         {"sizes",
                          {{"min", sizes.min},
                           {"p25", sizes.p25},
                           {"p50", sizes.p50},
                           {"p75", sizes.p75},
                           {"max", sizes.max},
                           {"gini", statistics.gini}}},
                         {"skews", skews},
                         {"notes", partition.notes},
                         {"clients", clients}};
  return manifest.dump(1) + "\n";
}

Partition load_manifest(const std::filesystem::path& path, const std::vector<Example>& examples,
                        const Indices& training, const CountFn& tokens) {
  const std::string file = path.string();
  const Json manifest = parse(path);
  Partition partition;
  partition.training = training;
  std::sort(partition.training.begin(), partition.training.end());
  try {
    Claims claims(file, examples, partition.training);
    load_clients(manifest, file, claims, partition);
    claims.check_complete(training.size());
    check_count(file, "examples", manifest.at("examples"), training.size());
    partition.provenance = provenance_of(manifest, file);
    partition.notes = manifest.at("notes").get<std::vector<std::string>>();
    for (const auto& skew : manifest.at("skews")) {
      const SkewConfig config = stored_skew(skew);
      const SkewKind& kind = find_skew(config.by);
      if (kind.cut == nullptr) throw InputError(file, "skew \"" + config.by + "\" has no bins");
      partition.bins.push_back(kind.cut({examples, partition.training, config, tokens}));
    }
  } catch (const Json::exception& error) {
    throw InputError(file, std::string("not a whole partition manifest: ") + error.what());
  }
  return partition;
}

Partition make_partition(const std::vector<Example>& examples, const Indices& training,
                         const PartitionConfig& config, std::uint64_t seed, const CountFn& tokens,
                         const TellFn& tell) {
  if (config.manifest.empty()) {
    return draw_partition(examples, training, config, seed, tokens, tell);
  }
  auto partition = load_manifest(config.manifest, examples, training, tokens);
  for (const auto& note : partition.notes) {
    if (tell) tell(note);
  }
  return partition;
}

}  // namespace lorafleet::partition
