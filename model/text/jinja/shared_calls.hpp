#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/jinja/call.hpp"
#include "model/text/jinja/text.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model::jinja {

// What filters and methods have in common.

Value made_text(const Call& call, MarkedText text);
Value made_parts(const Call& call, std::vector<MarkedText> parts);

/// Counts what cutting the text makes, before it is made.
void charge_cuts(const Call& call, const MarkedText& text,
                 const std::optional<std::string_view>& separator);

/// The value as a text, of lists and dicts as Python writes them.
MarkedText written(Context& context, const Value& value);
/// What the call is for, as a text.
MarkedText written(const Call& call);

/// `replace(old, new, count)`.
Value replaced(const Call& call, const MarkedText& text);
Value in_case(const Call& call, const MarkedText& text, Case to);
/// `strip(chars)` and its like.
Value stripped(const Call& call, const MarkedText& text, bool left, bool right);
/// The items, or their attributes, with `separator` between them.
Value joined(const Call& call, const List& items, const MarkedText& separator,
             const std::optional<std::string_view>& attribute);
/// `item.a.b` for "a.b".
Value attribute_of(Context& context, const Value& item, std::string_view path);
/// A list of [key, value].
Value pairs_of(const Call& call, const Dict& dict);

/// The keys of a table, for messages.
template <typename Table>
std::string names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& entry : table)
    names.push_back(entry.first);
  return join(names);
}

}  // namespace lorafleet::model::jinja
