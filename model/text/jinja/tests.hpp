#pragma once

#include <string>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// `value is name(…)`.
bool apply_test(Context& context, const std::string& name, const Value& value,
                const Arguments& arguments);

}  // namespace lorafleet::model::jinja
