#include "model/network/step/step.hpp"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/layers/index_tensor.hpp"
#include "model/network/step/dropout_pass.hpp"
#include "model/network/step/head_pass.hpp"
#include "model/network/step/job_tiles.hpp"
#include "model/network/step/layer_pass.hpp"
#include "model/network/step/norm_pass.hpp"
#include "model/network/step/rounded_tape.hpp"

namespace lorafleet::model {
namespace {

/// What goes through in one pass.
struct Load {
  PackedBatch batch;  ///< with padding at the end of tokens and positions
  BaseDropout dropout;
  BatchDropout rows;
  bool recomputes = false;
  JobRows jobs;
  JobRows wanted_jobs;
  std::vector<float> factors;  ///< of each label

  void add(LoraLeaves* lora, const PackedBatch& own, const BaseDropout& own_dropout,
           double factor) {
    batch.append(own);
    dropout = own_dropout;
    rows.add(own_dropout, own.offsets);
    jobs.add(lora, own.offsets.back());
    wanted_jobs.add(lora, static_cast<std::int64_t>(own.labels.size()));
    factors.resize(batch.labels.size(), static_cast<float>(factor));
  }
};

class Step {
 public:
  Step(const BaseModel& base, Load load, const Attention* attention = nullptr)
      : network_(base.network()),
        load_(std::move(load)),
        attention_(attention),
        rounds_(network_.keeps_rounded()),
        wanted_rows_(load_.rows.only(load_.batch.label_rows)),
        lowest_(load_.jobs.leaves.empty() ? layer_count() : lowest_trained()) {
    if (!computes_on_host(network_.device())) {
      for (JobRows* jobs : {&load_.jobs, &load_.wanted_jobs})
        jobs->tiles = std::make_shared<TileCache>(jobs->firsts, network_.device());
    }
    const auto padded = [&](std::size_t rows) {
      return static_cast<std::size_t>(
          padded_rows(static_cast<std::int64_t>(rows), network_.device()));
    };
    PackedBatch& batch = load_.batch;
    batch.tokens.resize(padded(batch.tokens.size()));
    batch.positions.resize(batch.tokens.size());
    std::vector<std::int64_t> wanted = batch.label_rows;
    wanted.resize(padded(wanted.size()));
    wanted_ = staged(index_tensor(wanted).clone(), network_.device());
    if (!computes_on_host(network_.device())) place_among_wanted();
    positions_ = staged(index_tensor(batch.positions), network_.device());
    for (const at::Tensor& frequencies : network_.rotary())
      rotations_.push_back(rotation_at(positions_, frequencies));
    tapes_.resize(network_.layers().size());
    dropouts_.resize(network_.layers().size());
  }

  std::vector<StepResult> run() {
    std::vector<FactorGradients> gradients;
    for (const LoraLeaves* lora : load_.jobs.leaves)
      gradients.emplace_back(lora->trained().size());
    HeadResult head = head_pass({network_, load_.wanted_jobs, wanted_rows_}, forward(),
                                load_.batch.labels, load_.factors, gradients);
    backward(std::move(head.gradient), gradients);
    std::vector<StepResult> results;
    for (std::size_t i = 0; i < gradients.size(); ++i)
      results.push_back({load_.wanted_jobs.of(head.losses, i), std::move(gradients[i])});
    return results;
  }

  /// What goes into the head.
  at::Tensor forward() {
    at::Tensor x = embed();
    for (std::int64_t i = 0; i < layer_count(); ++i) {
      if (load_.dropout.skips(i)) {
        if (i + 1 == layer_count()) x = x.index_select(0, wanted_);
        continue;
      }
      LayerTape* tape = i < lowest_ ? nullptr : &tapes_[static_cast<std::size_t>(i)];
      if (tape != nullptr && recomputes(i)) {
        tape->x = x;
        dropouts_[static_cast<std::size_t>(i)] = dropouts();
        tape = nullptr;
      }
      x = layer_forward(context(), i, std::move(x), tape);
      if (tape != nullptr) *tape = kept(std::move(*tape));
    }
    const LinearGroup& out = network_.embedding_out();
    const bool normed = !network_.parts().final_norm.empty();
    last_ = x;
    Operand h = normed ? norm_forward(x, network_.final_norm(),
                                      out.empty() ? FrozenMatrix() : out.fused.weight)
                       : Operand{x, {}};
    return out.empty() ? h.values : group_forward(out, h, load_.wanted_jobs, &embedding_out_);
  }

 private:
  void place_among_wanted() {
    const PackedBatch& batch = load_.batch;
    std::vector<std::int64_t> places(batch.tokens.size()), unwanted(batch.tokens.size(), 1);
    for (std::size_t i = 0; i < batch.label_rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(batch.label_rows[i]);
      places[row] = static_cast<std::int64_t>(i);
      unwanted[row] = 0;
    }
    place_among_wanted_ = staged(index_tensor(places).clone(), network_.device());
    unwanted_ = staged(index_tensor(unwanted).to(at::kBool).unsqueeze(1), network_.device());
  }
  [[nodiscard]] std::int64_t layer_count() const {
    return static_cast<std::int64_t>(network_.layers().size());
  }
  [[nodiscard]] bool trains_embedding() const {
    return trains(network_.embedding_in(), load_.jobs);
  }

  /// Gradients go down to the input of this layer's halves; nothing where only what comes after the
  /// layers is trained.
  [[nodiscard]] std::int64_t lowest_trained() const {
    if (trains_embedding()) return 0;
    for (std::int64_t i = 0; i < layer_count(); ++i) {
      const bool skipped = load_.dropout.skips(i);
      if (!skipped && trains(network_.layers()[static_cast<std::size_t>(i)], load_.jobs)) return i;
    }
    return layer_count();
  }

  [[nodiscard]] LayerContext context() const {
    return {network_,     load_.jobs, load_.wanted_jobs,   load_.batch, load_.dropout, load_.rows,
            wanted_rows_, wanted_,    place_among_wanted_, unwanted_,   rotations_,    attention_};
  }

  at::Tensor embed() {
    at::Tensor x = network_.embedded(staged(index_tensor(load_.batch.tokens), network_.device()))
                       .to(network_.working_type());
    if (!network_.embedding_in().empty()) {
      if (trains_embedding()) embeddings_ = x;
      x = group_forward(network_.embedding_in(), {x, {}}, load_.jobs, &embedding_in_);
    }
    network_.add_positions(x, positions_);
    // No family has it over an embedding that is adapted: no gradient goes through it.
    if (const Norm& norm = network_.embedding_norm(); norm.weight.defined()) {
      x = norm_forward(x, norm).values;
    }
    drop_rows(x, &load_.rows, DropoutSite::embedding, 0);
    return x;
  }

  void backward(at::Tensor g, std::vector<FactorGradients>& gradients) {
    const bool below = lowest_ < layer_count() || trains_embedding();
    const bool normed = !network_.parts().final_norm.empty();
    if (const LinearGroup& out = network_.embedding_out(); !out.empty()) {
      g = group_backward(
          out, g, load_.wanted_jobs, embedding_out_,
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
      if (load_.dropout.skips(i)) {
        if (i + 1 == layer_count()) g = among_all(context(), g);
        continue;
      }
      LayerTape tape = std::move(tapes_[static_cast<std::size_t>(i)]);
      if (recomputes(i)) tape = kept(computed_again(i, std::move(tape.x)));
      if (rounds_) tape = widened(std::move(tape));
      g = layer_backward(context(), i, std::move(g), std::move(tape), wants_x, gradients);
    }
    if (!trains_embedding()) return;
    drop_rows(g, &load_.rows, DropoutSite::embedding, 0);
    group_backward(
        network_.embedding_in(), g, load_.jobs, embedding_in_, [&] { return embeddings_; }, false,
        gradients);
  }

  /// As it waits for the backward pass.
  [[nodiscard]] LayerTape kept(LayerTape tape) const {
    return rounds_ ? rounded(std::move(tape)) : std::move(tape);
  }

  /// The last layer's values are there when the backward pass begins.
  [[nodiscard]] bool recomputes(std::int64_t layer) const {
    return load_.recomputes && layer + 1 < layer_count();
  }

  [[nodiscard]] std::vector<Dropout> dropouts() const {
    std::vector<Dropout> all;
    for (LoraLeaves* lora : load_.jobs.leaves)
      all.push_back(lora->dropout());
    return all;
  }
  void set_dropouts(const std::vector<Dropout>& all) {
    for (std::size_t job = 0; job < all.size(); ++job)
      load_.jobs.leaves[job]->dropout() = all[job];
  }

  /// With the masks that the layer drew the first time.
  LayerTape computed_again(std::int64_t layer, at::Tensor x) {
    const std::vector<Dropout> after = dropouts();
    set_dropouts(dropouts_[static_cast<std::size_t>(layer)]);
    LayerTape tape;
    layer_forward(context(), layer, std::move(x), &tape);
    set_dropouts(after);
    return tape;
  }

  const Network& network_;
  Load load_;
  const Attention* attention_;
  bool rounds_;
  BatchDropout wanted_rows_;
  at::Tensor wanted_;
  at::Tensor place_among_wanted_;
  at::Tensor unwanted_;
  at::Tensor positions_;
  std::int64_t lowest_;
  std::vector<Rotation> rotations_;

  at::Tensor embeddings_;
  GroupTape embedding_in_;
  std::vector<LayerTape> tapes_;
  std::vector<std::vector<Dropout>> dropouts_;  ///< of each layer's jobs, before it; to recompute
  at::Tensor last_;                             ///< after the last layer
  GroupTape embedding_out_;
};

}  // namespace

double sum_of(const at::Tensor& losses) {
  const at::Tensor own = losses.cpu();
  double sum = 0.0;
  for (std::int64_t i = 0; i < own.numel(); ++i)
    sum += own.data_ptr<double>()[i];
  return sum;
}

bool may_share_a_pass(const BaseModel& base, const BaseDropout& dropout) {
  return !computes_on_host(base.network().device()) &&
         dropout.probability(DropoutSite::layer) == 0.0 &&
         dropout.probability(DropoutSite::attention_weights) == 0.0;
}

std::vector<StepResult> forward_and_backward(const BaseModel& base,
                                             std::span<const StepPart> parts) {
  const at::NoGradGuard no_grad;
  const at::AutoDispatchBelowADInplaceOrView no_tracking;  // of views and changes, for a graph
  Load load;
  for (const StepPart& part : parts)
    load.add(&part.lora, part.batch, part.dropout, part.factor);
  load.recomputes = parts.front().recomputes;
  return Step(base, std::move(load)).run();
}

at::Tensor labelled_hidden(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
                           const Attention* attention) {
  const at::NoGradGuard no_grad;
  Load load;
  load.add(lora, batch, {}, 0.0);
  return Step(base, std::move(load), attention).forward();
}

}  // namespace lorafleet::model
