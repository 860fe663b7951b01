#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/network/opt_config.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// A frozen OPT, loaded once for each device and shared by all clients on it. Thread-safe.
class BaseModel : public std::enable_shared_from_this<BaseModel> {
 public:
  /// With tie_word_embeddings, an lm_head.weight in the files is ignored, whatever it holds, as
  /// Hugging Face does. Throws InputError naming the file and what was wrong with it.
  static std::shared_ptr<const BaseModel> load(const ModelConfig& config,
                                               const std::string& device = "cpu");
  ~BaseModel();
  BaseModel(const BaseModel&) = delete;
  BaseModel& operator=(const BaseModel&) = delete;

  [[nodiscard]] const OptConfig& config() const;

  struct Weights;  ///< defined beside the code that computes (model/network/opt.hpp)
  [[nodiscard]] const Weights& weights() const { return *weights_; }

  /// What `adapter` lies on: this base with the adapter's base change added, W + delta W rounded
  /// once into the base's dtype; this base itself where there is no adapter or no change. All that
  /// ask for one change (the same pointer) share one copy, which shares its other tensors with this
  /// base. Copies whose change nobody holds any more are let go at the next call. Throws InputError
  /// where the change does not fit the model.
  [[nodiscard]] std::shared_ptr<const BaseModel> under(const Adapter* adapter) const;

 private:
  BaseModel(OptConfig config, std::unique_ptr<Weights> weights);
  [[nodiscard]] std::shared_ptr<const BaseModel> changed(const BaseChange& change) const;

  OptConfig config_;
  std::unique_ptr<Weights> weights_;
  class ChangedBases;  ///< the copies in use (model/network/changed_base.cpp)
  std::unique_ptr<ChangedBases> changed_;
};

using BaseModelPtr = std::shared_ptr<const BaseModel>;
using EncodedDataPtr = std::shared_ptr<const EncodedData>;

/// The modules that `lora` adapts in `opt`, in the order of the layers. Throws InputError for an
/// unknown module.
LayoutPtr make_layout(const OptConfig& opt, const LoraConfig& lora);

/// Local LoRA training on the base.
std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, EncodedDataPtr data,
                                           const LoraConfig& lora, const TrainConfig& train);

/// Scores the examples of `data` named by `examples`; bins by context length at their quantiles.
/// `groups`, where given, names the group of each example of `data`: the largest
/// `evaluation.groups` of them are scored apart.
std::unique_ptr<Scorer> make_scorer(BaseModelPtr base, EncodedDataPtr data,
                                    std::vector<std::uint32_t> examples,
                                    const EvaluationConfig& evaluation,
                                    const std::vector<std::string>& groups = {});

}  // namespace lorafleet::model
