#include "model/text/jinja/operations.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "model/text/jinja/text.hpp"

namespace lorafleet::model::jinja {

void charge_reading(Context& context, const Value& value) {
  if (value.text()) context.step(static_cast<std::int64_t>(value.text()->size() / 256));
}

void charge_comparison(Context& context, const MarkedText& a, const MarkedText& b) {
  context.step(static_cast<std::int64_t>(std::min(a.size(), b.size()) / 256));
}

List items_of(Context& context, const Value& value) {
  if (value.is_undefined()) return {};
  if (const auto* list = value.list()) {
    context.step(static_cast<std::int64_t>(list->size()) / 16);
    return *list;
  }
  List items;
  if (const auto* dict = value.dict()) {
    for (const auto& [key, item] : *dict) {
      context.charge(128 + key.size());
      items.push_back(Value(key));
    }
  } else if (const auto* text = value.text()) {
    context.charge(128 * length(text->view()));
    const auto starts = code_points(text->view());
    for (std::size_t i = 0; i + 1 < starts.size(); ++i)
      items.push_back(Value(text->part(starts[i], starts[i + 1])));
  } else {
    context.fail(kind_of(value) + " cannot be iterated");
  }
  return items;
}

Value member(Context& context, const Value& value, const std::string& name) {
  if (value.is_undefined()) context.fail(kind_of(value) + ", has no \"" + name + '"');
  if (const auto* dict = value.dict()) {
    context.charge_find(*dict, name);
    if (const Value* found = find(*dict, name)) return *found;
  }
  if (const auto* space = value.space()) {
    const auto found = space->values.find(name);
    if (found != space->values.end()) return found->second;
  }
  return Value(Undefined{std::make_shared<const std::string>(name)});
}

bool contains(Context& context, const Value& value, const Value& needle) {
  if (const auto* text = value.text()) {
    if (needle.text() == nullptr) {
      context.fail("\"in\" a string needs a string, not " + kind_of(needle));
    }
    charge_reading(context, value);
    context.charge_search(text->size(), needle.text()->size());
    return text->str().find(needle.text()->str()) != std::string::npos;
  }
  if (const auto* dict = value.dict()) {
    if (needle.text() == nullptr) return false;
    context.charge_find(*dict, needle.text()->view());
    return find(*dict, needle.text()->view()) != nullptr;
  }
  if (const auto* list = value.list()) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& item) { return equal(context, item, needle); });
  }
  if (value.is_undefined()) return false;
  context.fail("\"in\" needs a string, a list or a mapping, not " + kind_of(value));
}

bool equal(Context& context, const Value& a, const Value& b) {
  context.step();
  if (a.is_number() && b.is_number()) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    if (a.as_integer(left) && b.as_integer(right)) return left == right;
    return a.as_real() == b.as_real();
  }
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (a.text() && b.text()) {
    charge_comparison(context, *a.text(), *b.text());
    return a.text()->view() == b.text()->view();
  }
  if (a.list() && b.list()) {
    return a.list() == b.list() ||
           std::equal(a.list()->begin(), a.list()->end(), b.list()->begin(), b.list()->end(),
                      [&](const Value& x, const Value& y) { return equal(context, x, y); });
  }
  if (a.dict() && b.dict()) {
    if (a.dict() == b.dict()) return true;
    return a.dict()->size() == b.dict()->size() &&
           std::all_of(a.dict()->begin(), a.dict()->end(), [&](const auto& entry) {
             context.charge_find(*b.dict(), entry.first);
             const Value* other = find(*b.dict(), entry.first);
             return other != nullptr && equal(context, entry.second, *other);
           });
  }
  if (a.space() || b.space()) return a.space() == b.space();
  return a.function() != nullptr && a.function() == b.function();
}

bool less(Context& context, const Value& a, const Value& b) {
  if (a.text() && b.text()) {
    charge_comparison(context, *a.text(), *b.text());
    return a.text()->view() < b.text()->view();
  }
  if (a.is_number() && b.is_number()) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    if (a.as_integer(left) && b.as_integer(right)) return left < right;
    return a.as_real() < b.as_real();
  }
  context.fail(kind_of(a) + " and " + kind_of(b) + " have no order");
}

}  // namespace lorafleet::model::jinja
