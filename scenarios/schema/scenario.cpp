#include "scenarios/schema/scenario.hpp"

#include "model/device/device_name.hpp"
#include "partition/support/hash.hpp"
#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

ScenarioError::ScenarioError(std::vector<std::string> errors)
    : InputError("", join(errors, "\n")), errors_(std::move(errors)) {}

namespace {

void collect_paths(const Table& table, const void* owner, const std::string& prefix,
                   std::vector<InputPath>& paths) {
  for (const Field& field : table.fields()) {
    const Member member = field.in(owner);
    if (const auto* path = std::get_if<std::filesystem::path*>(&member)) {
      if (!(*path)->empty() && !field.is_word((*path)->string()))
        paths.push_back({prefix + field.key, **path});
    } else if (const auto* inner = std::get_if<TableMember>(&member)) {
      collect_paths(*field.table, inner->object, prefix + field.key + ".", paths);
    }
  }
}

}  // namespace

std::vector<InputPath> input_paths(const Scenario& scenario) {
  Scenario read = scenario;
  read.federation.tls = {};
  std::vector<InputPath> paths;
  collect_paths(schema(), &read, "", paths);
  return paths;
}

std::string identity(const Scenario& scenario) {
  Scenario decisive = scenario;
  decisive.federation.slots.count = {};
  decisive.federation.slots.cohort = {};
  auto& device = decisive.federation.slots.device;
  if (!model::is_cpu(device)) device = "cuda";  // whichever GPU, and however many
  decisive.federation.model.packing = model::ModelConfig{}.packing;
  decisive.federation.train.recompute = model::TrainConfig{}.recompute;
  decisive.federation.checkpoint = {};
  decisive.federation.output = {};
  decisive.federation.tls = {};
  decisive.expect.clear();
  // The default's name before there were classifiers: runs that began then go on.
  auto& encoding = decisive.federation.encoding;
  if (encoding.truncation == encoding.kUsualTruncation)
    encoding.truncation = encoding.kCutContextLeft;
  return sha256_hex(to_toml(decisive));
}

std::string data_key(const Scenario& scenario) {
  Scenario read;
  const auto& config = scenario.federation;
  read.federation.model.path = config.model.path;
  read.federation.data = config.data;
  read.federation.encoding = config.encoding;
  const bool drawn = config.data.max_examples > 0 || config.data.degrade.share > 0.0;
  read.federation.seed = drawn ? config.seed : 0;
  return sha256_hex(to_toml(read));
}

}  // namespace lorafleet::scenarios
