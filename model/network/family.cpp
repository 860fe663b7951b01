#include "model/network/family.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

void add_generation_ends(ModelShape& shape, const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return;
  const ConfigReader generation(file);
  std::vector<std::int32_t> ends = generation.tokens("eos_token_id", shape.vocabulary);
  if (ends.empty()) return;
  const auto is_own = [&](std::int32_t id) {
    return std::find(shape.ends.begin(), shape.ends.end(), id) != shape.ends.end();
  };
  std::stable_partition(ends.begin(), ends.end(), is_own);
  shape.ends = std::move(ends);
}

}  // namespace

std::string BaseDescription::weight_name(const std::string& key) const {
  const std::string head = parts.head + ".weight";
  const auto in_classifier = [&] {
    return shape.classifier &&
           std::any_of(shape.classifier->tensors.begin(), shape.classifier->tensors.end(),
                       [&](const WholeTensor& tensor) { return tensor.name == key; });
  };
  const bool whole = key == head || key.starts_with(parts.prefix) || in_classifier();
  const std::string name = whole ? key : parts.prefix + key;
  if (parts.tied && name == head) return "";
  const auto is_buffer = [&](const std::string& buffer) { return name == buffer || key == buffer; };
  if (std::any_of(parts.buffers.begin(), parts.buffers.end(), is_buffer)) return "";
  if (name.starts_with(shape.layer_path)) {
    const std::size_t dot = name.find('.', shape.layer_path.size());
    const std::string within = dot == std::string::npos ? "" : name.substr(dot + 1);
    if (std::find(parts.layer_buffers.begin(), parts.layer_buffers.end(), within) !=
        parts.layer_buffers.end()) {
      return "";
    }
  }
  return name;
}

BaseDescription read_description(const ConfigReader& config) {
  const std::string type = config.string("model_type", "");
  std::vector<std::string> known;
  for (const Family& family : families()) {
    if (family.model_type == type) {
      BaseDescription description = family.read(config);
      description.quantization = read_quantization(config);
      return description;
    }
    known.push_back(family.model_type);
  }
  config.refuse("model_type", (type.empty() ? "is missing" : "\"" + type + "\" is not supported") +
                                  std::string("; allowed: ") + join(known));
}

BaseDescription read_description(const std::filesystem::path& file) {
  const ConfigReader config(file);
  BaseDescription description = read_description(config);
  add_generation_ends(description.shape, file.parent_path() / "generation_config.json");
  if (description.shape.ends.empty()) {
    config.refuse("eos_token_id", "is missing, here and in generation_config.json");
  }
  return description;
}

ModelShape read_shape(const std::filesystem::path& file) {
  return read_description(file).shape;
}

std::vector<std::string> known_sizes() {
  std::vector<std::string> names;
  for (const Family& family : families())
    names.insert(names.end(), family.sizes.begin(), family.sizes.end());
  return names;
}

NewBase base_of_size(const std::string& name, const SizeChanges& changes) {
  for (const Family& family : families()) {
    if (std::find(family.sizes.begin(), family.sizes.end(), name) == family.sizes.end()) continue;
    const std::string text = family.config_of(name, changes).dump(2) + "\n";
    return {read_description(ConfigReader(text, "--like " + name)), text};
  }
  throw InputError("--like", "\"" + name + "\" is not known; allowed: " + join(known_sizes()));
}

}  // namespace lorafleet::model
