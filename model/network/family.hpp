#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/network/layers/parts.hpp"
#include "model/network/quantization_config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

class ConfigReader;

/// A base as its config.json describes it.
struct BaseDescription {
  ModelShape shape;
  NetworkParts parts;
  HeldQuantization quantization = {};  ///< of the files

  /// What the whole model calls a tensor of a checkpoint; empty where it is none of its weights: a
  /// buffer, or the copy of the embedding that a tied head is.
  [[nodiscard]] std::string weight_name(const std::string& key) const;
};

/// What a new model has in place of its size's own.
struct SizeChanges {
  std::optional<std::int64_t> vocabulary = {};
  std::optional<std::int64_t> layers = {};
  std::optional<std::int64_t> width = {};
  std::optional<std::int64_t> positions = {};
};

/// Bases of one architecture: model/network/families/<name>.cpp.
struct Family {
  std::string model_type;  ///< as config.json has it
  /// Throws InputError that names the file, the key and what is allowed.
  BaseDescription (*read)(const ConfigReader& config);
  /// Names of published sizes, such as "opt-125m".
  std::vector<std::string> sizes;
  /// A config.json of one of them, its "dtype" left null. Throws InputError for changes that do not
  /// fit together.
  nlohmann::ordered_json (*config_of)(const std::string& size, const SizeChanges& changes);
};

/// All families (model/network/families/families.cpp), in the order in which messages name them.
const std::vector<Family>& families();

/// Reads a config.json by the family that its model_type names. The tokens that end a text are
/// those of a generation_config.json beside it, as in Hugging Face, the one that config.json names
/// before the others. Throws InputError.
BaseDescription read_description(const std::filesystem::path& file);
/// config.json alone.
BaseDescription read_description(const ConfigReader& config);
/// The shape alone.
ModelShape read_shape(const std::filesystem::path& file);

/// A base that is to be written.
struct NewBase {
  BaseDescription description;
  std::string config;  ///< its config.json, "dtype" null
};

/// The sizes of all families.
std::vector<std::string> known_sizes();
/// Throws InputError for a name that no family knows.
NewBase base_of_size(const std::string& name, const SizeChanges& changes = {});

}  // namespace lorafleet::model
