#pragma once

#include "partition/support/error.hpp"

namespace lorafleet::model::jinja {

/// The template itself refuses what it is given: it calls raise_exception.
class Refusal : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace lorafleet::model::jinja
