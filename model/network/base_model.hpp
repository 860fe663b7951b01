#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

class Network;

/// A frozen base, loaded once for each device and shared by all clients on it. Thread-safe.
class BaseModel : public std::enable_shared_from_this<BaseModel> {
 public:
  /// The family that config.json names says which tensors there are. Throws InputError naming the
  /// file and what was wrong with it.
  static std::shared_ptr<const BaseModel> load(const ModelConfig& config,
                                               const std::string& device = "cpu");
  ~BaseModel();
  BaseModel(const BaseModel&) = delete;
  BaseModel& operator=(const BaseModel&) = delete;

  [[nodiscard]] const ModelShape& shape() const { return shape_; }
  /// What computes (model/network/network.hpp).
  [[nodiscard]] const Network& network() const { return *network_; }

  /// What `adapter` lies on: this base with the adapter's base change added, W + delta W rounded
  /// once into the base's dtype, also where W is quantised; this base itself where there is no
  /// adapter or no change. All that
  /// ask for one change (the same pointer) share one copy, which shares its other tensors with this
  /// base. Copies whose change nobody holds any more are let go at the next call. Throws InputError
  /// where the change does not fit the model.
  [[nodiscard]] std::shared_ptr<const BaseModel> under(const Adapter* adapter) const;

 private:
  BaseModel(ModelShape shape, std::unique_ptr<const Network> network);
  [[nodiscard]] std::shared_ptr<const BaseModel> changed(const BaseChange& change) const;

  ModelShape shape_;
  std::unique_ptr<const Network> network_;
  class ChangedBases;  ///< the copies in use
  std::unique_ptr<ChangedBases> changed_;
};

using BaseModelPtr = std::shared_ptr<const BaseModel>;

/// Equal where the same base is held in the same way.
std::string base_key(const ModelConfig& config);

/// The same base on each of these devices, in their order; a device that is named twice has two.
/// Throws InputError as load does.
std::vector<BaseModelPtr> load_bases(const ModelConfig& config,
                                     const std::vector<std::string>& devices);

}  // namespace lorafleet::model
