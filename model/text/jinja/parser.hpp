#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/text/jinja/node.hpp"

namespace lorafleet::model::jinja {

struct Program {
  std::vector<NodePtr> body;
  bool has_generation = false;  ///< a {% generation %} block
};

/// Throws InputError "place:line: …" for what is no Jinja, or not of the part that is supported.
Program parse(std::string_view source, const std::string& place);

}  // namespace lorafleet::model::jinja
