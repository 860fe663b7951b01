#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "model/adapter/base_change.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/network/base_model.hpp"
#include "model/network/opt.hpp"

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

BaseModel::BaseModel(OptConfig config, std::unique_ptr<Weights> weights)
    : config_(std::move(config)),
      weights_(std::move(weights)),
      changed_(std::make_unique<ChangedBases>()) {}

BaseModel::~BaseModel() = default;

const OptConfig& BaseModel::config() const {
  return config_;
}

BaseModelPtr BaseModel::under(const Adapter* adapter) const {
  const BaseModelPtr made = changed_->get(*this, adapter ? adapter->base_change : nullptr);
  return made ? made : shared_from_this();
}

BaseModelPtr BaseModel::changed(const BaseChange& change) const {
  const at::NoGradGuard no_grad;
  check_fits(change, config_);
  auto weights = std::make_unique<Weights>(*weights_);  // its tensors are shared
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    const LoraModule& module = change.modules[i];
    const ModulePlace place = find_module(config_, module);
    at::Tensor& weight = linear_at(*weights, place).weight;
    const at::Tensor added = at::from_blob(const_cast<float*>(change.deltas[i].data()),
                                           {module.out, module.in}, at::kFloat)
                                 .to(weight.device());
    weight = weight.to(at::kFloat).add(added).to(weight.scalar_type());
  }
  return std::shared_ptr<const BaseModel>(new BaseModel(config_, std::move(weights)));
}

}  // namespace lorafleet::model
