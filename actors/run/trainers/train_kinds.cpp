#include "actors/run/trainers/train_kinds.hpp"

namespace lorafleet::actors {

const Registry<TrainKind>& train_kinds() {
  static const Registry<TrainKind> kRegistry(
      "train.kind", {{.name = "lora"}, {.name = "surrogate", .has_base = false}});
  return kRegistry;
}

}  // namespace lorafleet::actors
