#pragma once

#include <string>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// Counts the work of reading a text once.
void charge_reading(Context& context, const Value& value);

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
/// Counts the work of comparing two texts.
void charge_comparison(Context& context, const MarkedText& a, const MarkedText& b);

}  // namespace lorafleet::model::jinja
