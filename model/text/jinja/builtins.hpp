#pragma once

#include <string>
#include <vector>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// `value | name(…)`.
Value apply_filter(Context& context, const std::string& name, const Value& value,
                   const Arguments& arguments);
/// `value is name(…)`.
bool apply_test(Context& context, const std::string& name, const Value& value,
                const Arguments& arguments);
/// `value.name(…)`: the methods of strings, dicts and lists.
Value call_method(Context& context, const Value& value, const std::string& name,
                  const Arguments& arguments);
/// Whether strings, dicts or lists, as `value` is one, have such a method.
bool has_method(const Value& value, const std::string& name);
/// range, namespace, dict, raise_exception, strftime_now. `context` must outlive them.
Dict global_functions(Context& context);

/// What a loop runs over: the items of a list, the keys of a dict, the characters of a string.
List items_of(Context& context, const Value& value);
/// `value.name` where it is no method: an entry of a dict or namespace. Undefined where it has
/// none; fails on what is undefined itself.
Value member(Context& context, const Value& value, const std::string& name);
/// `needle in value`.
bool contains(Context& context, const Value& value, const Value& needle);
/// Python's `==`.
bool equal(Context& context, const Value& a, const Value& b);
/// `a < b` for numbers and strings.
bool less(Context& context, const Value& a, const Value& b);

}  // namespace lorafleet::model::jinja
