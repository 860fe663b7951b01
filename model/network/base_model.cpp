#include "model/network/base_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "model/adapter/base_change.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/device/blas_kernels.hpp"
#include "model/device/device.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/family.hpp"
#include "model/network/network.hpp"
#include "model/network/weight_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

/// Copies of a base by their change. A copy is made by the first who asks, while the others wait
/// for it and those who ask for another change do not.
class BaseModel::ChangedBases {
 public:
  BaseModelPtr get(const BaseModel& base, const BaseChangePtr& change) {
    const std::shared_ptr<Entry> entry = find(change);
    if (!entry) return nullptr;
    const std::lock_guard lock(entry->mutex);
    if (!entry->base) entry->base = base.changed(*change);
    return entry->base;
  }

 private:
  struct Entry {
    std::weak_ptr<const BaseChange> change;
    std::mutex mutex;
    BaseModelPtr base;  ///< null until it is made
  };

  /// Null where there is no change.
  std::shared_ptr<Entry> find(const BaseChangePtr& change) {
    std::vector<std::shared_ptr<Entry>> gone;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    const auto first_gone =
        std::stable_partition(entries_.begin(), entries_.end(),
                              [](const auto& entry) { return !entry->change.expired(); });
    gone.assign(first_gone, entries_.end());
    entries_.erase(first_gone, entries_.end());
    if (!change) return nullptr;
    for (const auto& entry : entries_) {
      if (entry->change.lock() == change) return entry;
    }
    entries_.push_back(std::make_shared<Entry>());
    entries_.back()->change = change;
    return entries_.back();
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_;
};

BaseModel::BaseModel(ModelShape shape, std::unique_ptr<const Network> network)
    : shape_(std::move(shape)),
      network_(std::move(network)),
      changed_(std::make_unique<ChangedBases>()) {}

BaseModel::~BaseModel() = default;

BaseModelPtr BaseModel::load(const ModelConfig& model, const std::string& device_name) {
  const at::NoGradGuard no_grad;
  blas_kernels();  // before the first product
  const at::Device device = open_device(device_name);
  const c10::DeviceGuard on_device(device);
  const at::ScalarType dtype = base_dtype(model.dtype, device);
  if (!std::filesystem::is_directory(model.path)) {
    throw InputError(model.path.string(),
                     "is not a folder; model.path names a Hugging Face folder");
  }
  const auto description = read_description(model.path / "config.json");
  const Checkpoint checkpoint(model.path);
  const Packing packing = packing_choices().at(model.packing).value;
  const Quantization kind = agreed_quantization(description.quantization, model.quantization);
  WeightReader reader(checkpoint, {dtype, device, kind, description.quantization});
  auto network = std::make_unique<Network>(description, reader, packing);
  reader.refuse_leftovers();
  return BaseModelPtr(new BaseModel(description.shape, std::move(network)));
}

BaseModelPtr BaseModel::under(const Adapter* adapter) const {
  const BaseModelPtr made = changed_->get(*this, adapter ? adapter->base_change : nullptr);
  return made ? made : shared_from_this();
}

BaseModelPtr BaseModel::changed(const BaseChange& change) const {
  const at::NoGradGuard no_grad;
  const c10::DeviceGuard on_device(network_->device());
  check_fits(change, shape_);
  auto network = std::make_unique<Network>(*network_);
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    const LoraModule& module = change.modules[i];
    FrozenMatrix& weight = network->linears[find_module(shape_, module)].weight;
    const at::Tensor added = at::from_blob(const_cast<float*>(change.deltas[i].data()),
                                           {module.out, module.in}, at::kFloat)
                                 .to(weight.device());
    weight = weight.dense().to(at::kFloat).add(added).to(weight.scalar_type());
  }
  network->fuse();
  return BaseModelPtr(new BaseModel(shape_, std::move(network)));
}

std::string base_key(const ModelConfig& config) {
  return config.path.string() + '\n' + config.dtype + '\n' + config.quantization + '\n' +
         config.packing;
}

std::vector<BaseModelPtr> load_bases(const ModelConfig& config,
                                     const std::vector<std::string>& devices) {
  std::vector<BaseModelPtr> bases;
  for (const std::string& device : devices)
    bases.push_back(BaseModel::load(config, device));
  return bases;
}

}  // namespace lorafleet::model
