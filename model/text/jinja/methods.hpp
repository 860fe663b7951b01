#pragma once

#include <string>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// `value.name(…)`: the methods of strings, dicts and lists.
Value call_method(Context& context, const Value& value, const std::string& name,
                  const Arguments& arguments);
/// Whether strings, dicts or lists, as `value` is one, have such a method.
bool has_method(const Value& value, const std::string& name);

}  // namespace lorafleet::model::jinja
