#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/files/dtype.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

class ConfigReader;
class Network;
class WeightReader;

/// A tensor of a new model.
struct RandomTensor {
  enum class Init { normal, zeros, ones };
  std::string name;
  std::vector<std::int64_t> shape;
  Init init = Init::normal;                   ///< normal: with deviation 0.02
  std::optional<std::int64_t> zero_row = {};  ///< stays 0: the padding token's embedding
};

/// A base as its config.json describes it: its family's own reading of the file.
class BaseDescription {
 public:
  explicit BaseDescription(ModelShape shape) : shape_(std::move(shape)) {}
  virtual ~BaseDescription() = default;

  [[nodiscard]] const ModelShape& shape() const { return shape_; }
  /// The frozen tensors, and what computes with them. Throws as WeightReader.
  [[nodiscard]] virtual std::unique_ptr<Network> load(WeightReader& reader) const = 0;
  /// What the whole model calls a tensor of a checkpoint; empty where it is none of its weights: a
  /// buffer, or the copy of the embedding that a tied head is.
  [[nodiscard]] virtual std::string weight_name(const std::string& key) const = 0;
  /// The weights of a new model as Hugging Face initialises it, in the order in which they are
  /// drawn and written.
  [[nodiscard]] virtual std::vector<RandomTensor> random_weights() const = 0;
  /// The text of config.json.
  [[nodiscard]] virtual std::string config_text(DType dtype) const = 0;

 private:
  ModelShape shape_;
};

/// What a new model has in place of its size's own.
struct SizeChanges {
  std::optional<std::int64_t> vocabulary = {};
  std::optional<std::int64_t> layers = {};
  std::optional<std::int64_t> width = {};
  std::optional<std::int64_t> positions = {};
};

/// Bases of one architecture: model/network/families/<name>.cpp.
class Family {
 public:
  virtual ~Family() = default;

  /// As config.json has it.
  [[nodiscard]] virtual std::string model_type() const = 0;
  /// Throws InputError that names the file, the key and what is allowed.
  [[nodiscard]] virtual std::unique_ptr<BaseDescription> read(const ConfigReader& config) const = 0;
  /// Names of published sizes, such as "opt-125m".
  [[nodiscard]] virtual std::vector<std::string> sizes() const = 0;
  /// A new model of a size. Throws InputError for changes that do not fit together.
  [[nodiscard]] virtual std::unique_ptr<BaseDescription> of_size(
      const std::string& name, const SizeChanges& changes) const = 0;
};

/// All families (model/network/families/families.cpp), in the order in which messages name them.
const std::vector<const Family*>& families();

/// Reads a config.json by the family that its model_type names. Throws InputError.
std::unique_ptr<BaseDescription> read_description(const std::filesystem::path& file);
/// The shape alone.
ModelShape read_shape(const std::filesystem::path& file);

/// The sizes of all families.
std::vector<std::string> known_sizes();
/// Throws InputError for a name that no family knows.
std::unique_ptr<BaseDescription> description_of_size(const std::string& name,
                                                     const SizeChanges& changes = {});

}  // namespace lorafleet::model
