#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "actors/sim/ids.hpp"
#include "model/adapter/adapter.hpp"
#include "model/files/safetensors.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// Gathers what a checkpoint holds of large arrays. Adapters, layouts and the like are stored once
/// and referred to by number, however many jobs share them.
class TensorSink {
 public:
  using Json = nlohmann::json;

  /// A reference for state.json; null for null.
  Json put(const model::AdapterPtr& adapter);
  Json put(const model::LayoutPtr& layout);
  Json put(const model::PrivateStatePtr& state);
  Json put(std::vector<double> values);
  Json put(const std::vector<sim::ClientId>& clients);

  /// Writes the tensors, and returns the tables that the references point into.
  Json write(const std::filesystem::path& file) const;

 private:
  Json put(const model::BaseChangePtr& change);
  template <typename T>
  std::string add(std::string name, model::DType dtype, const std::vector<T>& values);

  std::map<const void*, std::size_t> known_;
  std::vector<model::LayoutPtr> layouts_;
  Json adapters_ = Json::array();
  Json changes_ = Json::array();
  Json states_ = Json::array();
  std::deque<std::vector<double>> doubles_;
  std::deque<std::vector<std::int32_t>> integers_;
  std::vector<model::NamedTensor> tensors_;
  std::vector<std::shared_ptr<const void>> alive_;  // whose bytes are borrowed
};

/// Reads it back. Throws InputError for references and shapes that do not fit.
class TensorSource {
 public:
  using Json = nlohmann::json;
  TensorSource(const std::filesystem::path& file, const Json& tables);

  void get(const Json& reference, model::AdapterPtr& adapter) const;
  void get(const Json& reference, model::LayoutPtr& layout) const;
  void get(const Json& reference, model::PrivateStatePtr& state) const;
  void get(const Json& name, std::vector<double>& values) const;
  void get(const Json& name, std::vector<sim::ClientId>& clients) const;

 private:
  template <typename T>
  [[nodiscard]] std::vector<T> read(const std::string& name, model::DType dtype) const;

  model::SafetensorsFile file_;
  std::vector<model::LayoutPtr> layouts_;
  std::vector<model::BaseChangePtr> changes_;
  std::vector<model::AdapterPtr> adapters_;
  std::vector<model::PrivateStatePtr> states_;
};

}  // namespace lorafleet::actors
