#pragma once

#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// train.base_dropout: whether the frozen base's own dropout works while it trains.
inline const NamedValues<bool>& dropout_choices() {
  static const NamedValues<bool> kRegistry("train.base_dropout",
                                           {{"config", true}, {"none", false}});
  return kRegistry;
}

}  // namespace lorafleet::model
