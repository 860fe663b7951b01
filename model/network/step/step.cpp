#include "model/network/step/step.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "model/network/layers/index_tensor.hpp"
#include "model/network/step/dropout_pass.hpp"
#include "model/network/step/head_pass.hpp"
#include "model/network/step/layer_pass.hpp"
#include "model/network/step/norm_pass.hpp"

namespace lorafleet::model {
namespace {

class Step {
 public:
  Step(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
       const BaseDropout& dropout)
      : network_(base.network()),
        lora_(lora),
        batch_(batch),
        dropout_(dropout),
        rows_(dropout, batch.offsets),
        wanted_rows_(rows_.only(batch.label_rows)),
        wanted_(index_tensor(batch.label_rows).to(network_.device())),
        lowest_(lora == nullptr ? layer_count() : lowest_trained()) {
    const at::Tensor positions = index_tensor(batch.positions);
    for (const RotaryFrequencies& frequencies : network_.parts().rotary) {
      rotations_.push_back(rotation_at(positions.to(network_.device()), frequencies));
    }
    tapes_.resize(network_.layers().size());
  }

  StepResult run(double factor) {
    const at::Tensor hidden = forward();
    StepResult result{0.0, FactorGradients(lora_->trained().size())};
    HeadResult head = head_pass({network_, lora_, wanted_rows_}, hidden, batch_.labels, factor,
                                &result.gradients);
    result.loss_sum = head.loss_sum;
    backward(std::move(head.gradient), result.gradients);
    return result;
  }

  /// What goes into the head.
  at::Tensor forward() {
    at::Tensor x = embed();
    for (std::int64_t i = 0; i < layer_count(); ++i) {
      if (dropout_.skips(i)) {
        if (i + 1 == layer_count()) x = x.index_select(0, wanted_);
        continue;
      }
      LayerTape* tape = i < lowest_ ? nullptr : &tapes_[static_cast<std::size_t>(i)];
      x = layer_forward(context(), i, std::move(x), tape);
    }
    const LinearGroup& out = network_.embedding_out();
    const bool normed = !network_.parts().final_norm.empty();
    last_ = x;
    Operand h = normed ? norm_forward(x, network_.final_norm(),
                                      out.empty() ? at::Tensor() : out.fused.weight)
                       : Operand{x, {}};
    return out.empty() ? h.values : group_forward(out, h, lora_, &embedding_out_);
  }

 private:
  [[nodiscard]] std::int64_t layer_count() const {
    return static_cast<std::int64_t>(network_.layers().size());
  }
  [[nodiscard]] bool trains_embedding() const {
    return lora_ != nullptr && trains(network_.embedding_in(), *lora_);
  }

  /// Gradients go down to the input of this layer's halves; nothing where only what comes after the
  /// layers is trained.
  [[nodiscard]] std::int64_t lowest_trained() const {
    if (trains_embedding()) return 0;
    for (std::int64_t i = 0; i < layer_count(); ++i) {
      const bool skipped = dropout_.skips(i);
      if (!skipped && trains(network_.layers()[static_cast<std::size_t>(i)], *lora_)) return i;
    }
    return layer_count();
  }

  [[nodiscard]] LayerContext context() const {
    return {network_, lora_, batch_, dropout_, rows_, wanted_rows_, wanted_, rotations_};
  }

  at::Tensor embed() {
    at::Tensor x = network_.embedded(index_tensor(batch_.tokens));
    if (!network_.embedding_in().empty()) {
      if (trains_embedding()) embeddings_ = x;
      x = group_forward(network_.embedding_in(), {x, {}}, lora_, &embedding_in_);
    }
    network_.add_positions(x, index_tensor(batch_.positions));
    // No family has it over an embedding that is adapted: no gradient goes through it.
    if (const Norm& norm = network_.embedding_norm(); norm.weight.defined()) {
      x = norm_forward(x, norm).values;
    }
    drop_rows(x, &rows_, DropoutSite::embedding, 0);
    return x;
  }

  void backward(at::Tensor g, FactorGradients& gradients) {
    const bool below = lowest_ < layer_count() || trains_embedding();
    const bool normed = !network_.parts().final_norm.empty();
    if (const LinearGroup& out = network_.embedding_out(); !out.empty()) {
      g = group_backward(
          out, g, *lora_, embedding_out_,
          [&] { return normed ? norm_forward(last_, network_.final_norm()).values : last_; }, below,
          gradients);
    }
    if (!below) return;
    if (normed) {
      at::Tensor before = at::empty(g.sizes(), g.options());
      norm_backward(last_, network_.final_norm(), g, before, false);
      g = std::move(before);
    }
    for (std::int64_t i = layer_count() - 1; i >= lowest_; --i) {
      const bool wants_x = i > lowest_ || trains_embedding();
      if (dropout_.skips(i)) {
        if (i + 1 == layer_count()) g = among_all(context(), g);
        continue;
      }
      g = layer_backward(context(), i, std::move(g), std::move(tapes_[static_cast<std::size_t>(i)]),
                         wants_x, gradients);
    }
    if (!trains_embedding()) return;
    drop_rows(g, &rows_, DropoutSite::embedding, 0);
    group_backward(
        network_.embedding_in(), g, *lora_, embedding_in_, [&] { return embeddings_; }, false,
        gradients);
  }

  const Network& network_;
  LoraLeaves* lora_;  ///< null: the base alone
  const PackedBatch& batch_;
  BaseDropout dropout_;
  BatchDropout rows_;
  BatchDropout wanted_rows_;
  at::Tensor wanted_;
  std::int64_t lowest_;
  std::vector<Rotation> rotations_;

  at::Tensor embeddings_;
  GroupTape embedding_in_;
  std::vector<LayerTape> tapes_;
  at::Tensor last_;  ///< after the last layer
  GroupTape embedding_out_;
};

}  // namespace

StepResult forward_and_backward(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                                double factor, const BaseDropout& dropout) {
  const at::NoGradGuard no_grad;
  return Step(base, &lora, batch, dropout).run(factor);
}

at::Tensor labelled_hidden(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch) {
  const at::NoGradGuard no_grad;
  return Step(base, lora, batch, {}).forward();
}

}  // namespace lorafleet::model
