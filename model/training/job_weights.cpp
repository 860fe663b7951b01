#include "model/training/job_weights.hpp"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "model/adapter/factor_selection.hpp"
#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/network.hpp"
#include "model/training/optimizer.hpp"
#include "model/training/tensor_optimizer.hpp"

namespace lorafleet::model {
namespace {

/// In the host's memory: the leaves are views of the adapter's values.
class HostWeights final : public JobWeights {
 public:
  HostWeights(const BaseModel& base, const TrainJob& job, const TrainConfig& train,
              const RankPenalty& penalty)
      : train_(train),
        penalty_(penalty),
        adapter_(*job.start),
        selection_(*adapter_.layout, job.trains),
        start_(selection_.gather(adapter_.values)),
        trained_(start_),
        gradient_(trained_.size()),
        optimizer_(make_optimizer(train, trained_.size())),
        leaves_(base, *adapter_.layout, adapter_.values.data(), job.trains) {}

  [[nodiscard]] LoraLeaves& leaves() override { return leaves_; }
  void clear_gradient() override { std::fill(gradient_.begin(), gradient_.end(), 0.0f); }
  void add(const FactorGradients& gradients) override { leaves_.add_flat(gradients, gradient_); }

  void step(double lr) override {
    if (train_.prox_mu != 0.0) add_prox(gradient_, trained_, start_, train_.prox_mu);
    add_rank_penalty(gradient_, adapter_, penalty_);
    clip_by_norm(gradient_, train_.max_grad_norm);
    optimizer_->step(trained_, gradient_, lr);
    selection_.scatter(trained_, adapter_.values);
  }

  [[nodiscard]] Adapter take() override { return std::move(adapter_); }

 private:
  const TrainConfig& train_;
  const RankPenalty& penalty_;
  Adapter adapter_;
  FactorSelection selection_;
  std::vector<float> start_;
  std::vector<float> trained_;
  std::vector<float> gradient_;
  std::unique_ptr<Optimizer> optimizer_;
  LoraLeaves leaves_;
};

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kFloat);
}

/// On any device, by ATen's operators; nothing waits for it but take, and the penalty on ranks,
/// which the host computes.
class DeviceWeights final : public JobWeights {
 public:
  DeviceWeights(const BaseModel& base, const TrainJob& job, const TrainConfig& train,
                const RankPenalty& penalty)
      : train_(train),
        penalty_(penalty),
        adapter_(*job.start),
        selection_(*adapter_.layout, job.trains),
        device_(base.network().device()),
        leaves_(base, *adapter_.layout, adapter_.values.data(), job.trains,
                base.network().working_type()) {
    const std::vector<float> start = selection_.gather(adapter_.values);
    start_ = staged(tensor_of(start), device_).clone();
    trained_ = start_.clone();
    gradient_ = at::zeros_like(trained_);
    optimizer_ = make_tensor_optimizer(train, trained_);
    leaves_.follow(trained_);
  }

  [[nodiscard]] LoraLeaves& leaves() override { return leaves_; }
  void clear_gradient() override { is_fresh_ = true; }

  void add(const FactorGradients& gradients) override {
    const at::AutoDispatchBelowADInplaceOrView no_tracking;
    std::vector<at::Tensor> all;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const std::int64_t size = leaves_.trained()[i].numel();
      all.push_back(gradients[i].defined() ? gradients[i].reshape({size})
                                           : at::zeros({size}, trained_.options()));
    }
    if (all.empty()) all.push_back(at::zeros_like(trained_));
    is_fresh_ ? at::cat_out(gradient_, all) : gradient_.add_(at::cat(all));
    is_fresh_ = false;
  }

  void step(double lr) override {
    const at::AutoDispatchBelowADInplaceOrView no_tracking;
    if (train_.prox_mu != 0.0) gradient_.add_(trained_ - start_, train_.prox_mu);
    if (penalty_.lambda != 0.0) {
      std::vector<float> own(selection_.size());
      add_rank_penalty(own, current(), penalty_);
      gradient_.add_(staged(tensor_of(own), device_));
    }
    if (train_.max_grad_norm > 0.0) {
      const at::Tensor norm = at::linalg_vector_norm(gradient_, 2, {}, false, at::kDouble);
      gradient_.mul_((train_.max_grad_norm / (norm + 1e-6)).clamp_max(1.0).to(at::kFloat));
    }
    optimizer_->step(trained_, gradient_, lr);
    leaves_.refresh();
  }

  [[nodiscard]] Adapter take() override { return current(); }

 private:
  [[nodiscard]] Adapter current() const {
    Adapter result = adapter_;
    const at::Tensor values = trained_.cpu();
    selection_.scatter({values.data_ptr<float>(), selection_.size()}, result.values);
    return result;
  }

  const TrainConfig& train_;
  const RankPenalty& penalty_;
  Adapter adapter_;  ///< as it was at the start
  FactorSelection selection_;
  at::Device device_;
  LoraLeaves leaves_;
  at::Tensor start_;
  at::Tensor trained_;
  at::Tensor gradient_;
  bool is_fresh_ = true;  ///< what is in gradient_ is of the step before
  std::unique_ptr<TensorOptimizer> optimizer_;
};

}  // namespace

std::unique_ptr<JobWeights> make_job_weights(const BaseModel& base, const TrainJob& job,
                                             const TrainConfig& train, const RankPenalty& penalty) {
  if (computes_on_host(base.network().device())) {
    return std::make_unique<HostWeights>(base, job, train, penalty);
  }
  return std::make_unique<DeviceWeights>(base, job, train, penalty);
}

}  // namespace lorafleet::model
