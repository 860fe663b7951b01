#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "model/training/wrapped_trainer.hpp"

namespace lorafleet::actors {

/// The vector of a client's private state that holds its own B factors: those of all modules, one
/// after the other, in the order of the adapter's layout.
inline constexpr std::string_view kPrivateBName = "fedsa_b";

/// The adapter that a client really has: `global` with the client's own B factors. Without a state,
/// or where the state's vector is of another size (the client's rank has changed), `global` as it
/// is.
model::Adapter with_private_b(const model::Adapter& global, const model::PrivateState* state);

/// FedSA-LoRA (Guo et al., arXiv 2410.01463): clients share A and keep B. A job starts from the
/// global A and the client's own B, as its last job left it; the first job starts from the global
/// B, which no update ever changes (zero, or that of lora.init_adapter). The result's adapter has
/// the trained A and the global B; the trained B goes into the result's state, beside what else the
/// state holds.
class PrivateFactorTrainer final : public model::WrappedTrainer {
 public:
  explicit PrivateFactorTrainer(std::shared_ptr<const model::Trainer> inner);

 protected:
  [[nodiscard]] model::TrainJob before(const model::TrainJob& job) const override;
  [[nodiscard]] model::TrainResult after(const model::TrainJob& job,
                                         model::TrainResult result) const override;
};

}  // namespace lorafleet::actors
