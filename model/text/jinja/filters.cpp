#include "model/text/jinja/filters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "model/text/jinja/call.hpp"
#include "model/text/jinja/operations.hpp"
#include "model/text/jinja/shared_calls.hpp"
#include "model/text/jinja/tests.hpp"
#include "model/text/jinja/text.hpp"

namespace lorafleet::model::jinja {

namespace {

constexpr int kDeepestFilters = 50;

Value length_of(const Call& call) {
  const Value& value = call.value;
  if (value.is_undefined()) return Value(std::int64_t{0});
  if (const auto* text = value.text())
    return Value(static_cast<std::int64_t>(length(text->view())));
  if (const auto* list = value.list()) return Value(static_cast<std::int64_t>(list->size()));
  if (const auto* dict = value.dict()) return Value(static_cast<std::int64_t>(dict->size()));
  call.fail(kind_of(value) + " has no length");
}

/// `map`, `select`, `selectattr` and their like: a filter or test for each item.
Value mapped(const Call& call) {
  List result;
  const auto& given = call.arguments;
  const auto attribute =
      given.positional.empty() ? call.optional_text(0, "attribute") : std::nullopt;
  const Value* otherwise = attribute ? call.argument(1, "default") : nullptr;
  Arguments rest;
  std::string name;
  if (!attribute) {
    name = call.text(0, "filter").str();
    rest.positional.assign(given.positional.begin() + 1, given.positional.end());
    rest.named = given.named;
  }
  for (const Value& item : items_of(call.context, call.value)) {
    call.context.step();
    Value value = attribute ? attribute_of(call.context, item, *attribute)
                            : apply_filter(call.context, name, item, rest);
    if (value.is_undefined() && otherwise != nullptr) value = *otherwise;
    result.push_back(std::move(value));
  }
  return call.context.made(std::move(result));
}

Value selected(const Call& call, bool by_attribute, bool wanted) {
  const auto& given = call.arguments.positional;
  const std::size_t first = by_attribute ? 1 : 0;
  std::string attribute;
  if (by_attribute) attribute = call.text(0, "attribute").str();
  std::string test;
  Arguments rest;
  if (given.size() > first) {
    test = call.text(first, "test").str();
    rest.positional.assign(given.begin() + static_cast<std::ptrdiff_t>(first) + 1, given.end());
  }
  List result;
  for (const Value& item : items_of(call.context, call.value)) {
    call.context.step();
    const Value value = by_attribute ? attribute_of(call.context, item, attribute) : item;
    const bool holds = test.empty() ? is_true(value) : apply_test(call.context, test, value, rest);
    if (holds == wanted) result.push_back(item);
  }
  return call.context.made(std::move(result));
}

/// What items are compared by: their attribute, where one is named, and, unless `case_sensitive`
/// says otherwise, without their case. Arguments from `place` on.
List keys_of(const Call& call, const List& items, std::size_t place) {
  const bool sensitive = call.flag(place, "case_sensitive");
  const auto attribute = call.optional_text(place + 1, "attribute");
  if (attribute && attribute->find(',') != attribute->npos) {
    call.fail("several attributes are not supported");
  }
  List keys;
  for (const Value& item : items) {
    call.context.step();
    Value key = attribute ? attribute_of(call.context, item, *attribute) : item;
    if (!sensitive && key.text() != nullptr) key = in_case(call, *key.text(), Case::lower);
    keys.push_back(std::move(key));
  }
  return keys;
}

Value uniques(const Call& call) {
  const List items = items_of(call.context, call.value);
  const List keys = keys_of(call, items, 0);
  List kept;
  List seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool known = std::any_of(seen.begin(), seen.end(), [&](const Value& other) {
      return equal(call.context, other, keys[i]);
    });
    if (known) continue;
    seen.push_back(keys[i]);
    kept.push_back(items[i]);
  }
  return call.context.made(std::move(kept));
}

/// By their keys; equal ones stay in their order.
List in_order(const Call& call, const List& items, const List& keys, bool reverse) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  call.context.step(static_cast<std::int64_t>(items.size()) * 8);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return reverse ? less(call.context, keys[b], keys[a]) : less(call.context, keys[a], keys[b]);
  });
  List result;
  for (const std::size_t i : order)
    result.push_back(items[i]);
  return result;
}

Value sorted(const Call& call) {
  const List items = items_of(call.context, call.value);
  return call.context.made(in_order(call, items, keys_of(call, items, 1), call.flag(0, "reverse")));
}

Value extreme(const Call& call, bool largest) {
  const List items = items_of(call.context, call.value);
  const List keys = keys_of(call, items, 0);
  std::size_t best = 0;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (largest ? less(call.context, keys[best], keys[i])
                : less(call.context, keys[i], keys[best])) {
      best = i;
    }
  }
  return items.empty() ? Value() : items[best];
}

Value reversed(const Call& call) {
  List items = items_of(call.context, call.value);
  std::reverse(items.begin(), items.end());
  if (call.value.text() == nullptr) return call.context.made(std::move(items));
  return joined(call, items, {}, std::nullopt);
}

/// Numbers of what is not defined are an error in Jinja2 too, not the default.
void need_value(const Call& call) {
  if (call.value.is_undefined()) call.fail(kind_of(call.value) + ", is no number");
}

Value as_whole(const Call& call) {
  const Value& value = call.value;
  need_value(call);
  if (call.argument(1, "base") != nullptr) call.fail("base is not supported");
  std::int64_t number = 0;
  if (value.as_integer(number)) return Value(number);
  if (const auto* real = value.real()) {
    if (std::fabs(*real) < 9e18) return Value(static_cast<std::int64_t>(*real));
  }
  if (const auto* text = value.text()) {
    const MarkedText bare = strip(*text, true, true, std::nullopt);
    const char* begin = bare.str().data();
    const char* end = begin + bare.size();
    const auto parsed =
        std::from_chars(begin + (bare.view().starts_with('+') ? 1 : 0), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) return Value(number);
    double real = 0.0;
    const auto fraction = std::from_chars(begin, end, real);
    if (fraction.ec == std::errc() && fraction.ptr == end && std::fabs(real) < 9e18) {
      return Value(static_cast<std::int64_t>(real));
    }
  }
  return Value(call.integer(0, "default", 0));
}

Value as_fraction(const Call& call) {
  need_value(call);
  if (call.value.is_number()) return Value(call.value.as_real());
  if (const auto* text = call.value.text()) {
    const MarkedText bare = strip(*text, true, true, std::nullopt);
    double real = 0.0;
    const auto parsed = std::from_chars(bare.str().data(), bare.str().data() + bare.size(), real);
    if (parsed.ec == std::errc() && parsed.ptr == bare.str().data() + bare.size()) {
      return Value(real);
    }
  }
  const Value* otherwise = call.argument(0, "default");
  return otherwise == nullptr ? Value(0.0) : *otherwise;
}

/// As transformers has it: `tojson(ensure_ascii, indent, separators, sort_keys)`.
Value to_json(const Call& call) {
  JsonStyle style;
  style.ascii = call.flag(0, "ensure_ascii");
  const Value* indent = call.argument(1, "indent");
  if (indent != nullptr && !indent->is_none()) {
    style.indent = static_cast<int>(std::clamp<std::int64_t>(call.integer(1, "indent", -1), -1, 9));
    style.between = ",";
  }
  if (style.indent > 8) call.fail("indent is too large; allowed: up to 8");
  const Value* separators = call.argument(2, "separators");
  if (separators != nullptr && !separators->is_none()) {
    const List* both = separators->list();
    if (both == nullptr || both->size() != 2 || !(*both)[0].text() || !(*both)[1].text()) {
      call.fail("separators must be two strings");
    }
    style.between = (*both)[0].text()->str();
    style.after_key = (*both)[1].text()->str();
    if (style.between.size() + style.after_key.size() > 16) call.fail("separators are too long");
  }
  style.sort_keys = call.flag(3, "sort_keys");
  // Six letters for one beyond ASCII, blanks before each of up to 50 levels.
  for (std::int64_t i = 0; i < 8 + 6 * std::max(0, style.indent); ++i)
    call.context.charge_all(call.value);
  try {
    return made_text(call, json_of(call.value, style));
  } catch (const std::invalid_argument& error) {
    call.fail(error.what());
  }
}

Value indented(const Call& call) {
  const Value* width = call.argument(0, "width");
  std::string blanks;
  if (width != nullptr && width->text() != nullptr) {
    blanks = width->text()->str();
  } else {
    blanks.assign(
        static_cast<std::size_t>(std::clamp<std::int64_t>(call.integer(0, "width", 4), 0, 100)),
        ' ');
  }
  const bool first = call.flag(1, "first");
  const bool blank = call.flag(2, "blank");
  MarkedText result;
  bool first_line = true;
  const MarkedText all = written(call);
  charge_cuts(call, all, "\n");
  for (const MarkedText& line : split(all, "\n", -1, false)) {
    if (!first_line) result.append("\n");
    if ((first_line ? first : (blank || !line.empty()))) result.append(blanks);
    call.context.charge(blanks.size());
    call.context.charge(line);
    result.append(line);
    first_line = false;
  }
  return Value(std::move(result));
}

/// `dictsort(case_sensitive, by, reverse)`.
Value dict_sorted(const Call& call) {
  if (call.value.dict() == nullptr) call.fail("a mapping was expected, not " + kind_of(call.value));
  const auto by = call.optional_text(1, "by");
  if (by && by != "key" && by != "value") call.fail("by must be \"key\" or \"value\"");
  const Value pairs = pairs_of(call, *call.value.dict());
  List keys;
  for (const Value& pair : *pairs.list()) {
    Value key = (*pair.list())[by == "value" ? 1 : 0];
    if (!call.flag(0, "case_sensitive") && key.text() != nullptr) {
      key = in_case(call, *key.text(), Case::lower);
    }
    keys.push_back(std::move(key));
  }
  return call.context.made(in_order(call, *pairs.list(), keys, call.flag(2, "reverse")));
}

/// `sum(attribute, start)`.
Value sum_of(const Call& call) {
  const auto attribute = call.optional_text(0, "attribute");
  List items = items_of(call.context, call.value);
  const Value* start = call.argument(1, "start");
  if (start != nullptr && !start->is_number()) call.fail("only numbers can be added up");
  std::int64_t whole = 0;
  double real = start == nullptr ? 0.0 : start->as_real();
  bool is_whole = start == nullptr || start->as_integer(whole);
  for (const Value& item : items) {
    call.context.step();
    const Value value = attribute ? attribute_of(call.context, item, *attribute) : item;
    std::int64_t number = 0;
    if (!value.is_number()) call.fail("only numbers can be added up");
    real += value.as_real();
    is_whole =
        is_whole && value.as_integer(number) && !__builtin_add_overflow(whole, number, &whole);
  }
  return is_whole ? Value(whole) : Value(real);
}

/// Not as the method: words begin after blanks and opening brackets only.
Value titled(const Call& call) {
  return in_case(call, written(call), Case::words);
}

using FilterFunction = Value (*)(const Call&);

const std::map<std::string, FilterFunction, std::less<>>& filters() {
  static const std::map<std::string, FilterFunction, std::less<>> kFilters = {
      {"abs",
       [](const Call& call) {
         std::int64_t whole = 0;
         if (!call.value.is_number()) call.fail("a number was expected");
         if (!call.value.as_integer(whole)) return Value(std::fabs(call.value.as_real()));
         return whole > INT64_MIN ? Value(whole < 0 ? -whole : whole)
                                  : Value(-call.value.as_real());
       }},
      {"capitalize",
       [](const Call& call) { return in_case(call, written(call), Case::capitalize); }},
      {"count", length_of},
      {"default",
       [](const Call& call) {
         const bool missing =
             call.value.is_undefined() || (call.flag(1, "boolean") && !is_true(call.value));
         if (!missing) return call.value;
         const Value* otherwise = call.argument(0, "default_value");
         return otherwise == nullptr ? Value("") : *otherwise;
       }},
      {"dictsort", dict_sorted},
      {"first",
       [](const Call& call) {
         const List items = items_of(call.context, call.value);
         return items.empty() ? Value() : items.front();
       }},
      {"float", as_fraction},
      {"indent", indented},
      {"int", as_whole},
      {"items",
       [](const Call& call) {
         if (call.value.is_undefined()) return Value(List());
         if (call.value.dict() == nullptr) {
           call.fail("a mapping was expected, not " + kind_of(call.value));
         }
         return pairs_of(call, *call.value.dict());
       }},
      {"join",
       [](const Call& call) {
         const Value* separator = call.argument(0, "d");
         return joined(call, items_of(call.context, call.value),
                       separator == nullptr ? MarkedText() : written(call.context, *separator),
                       call.optional_text(1, "attribute"));
       }},
      {"last",
       [](const Call& call) {
         const List items = items_of(call.context, call.value);
         return items.empty() ? Value() : items.back();
       }},
      {"length", length_of},
      {"list",
       [](const Call& call) { return call.context.made(items_of(call.context, call.value)); }},
      {"lower", [](const Call& call) { return in_case(call, written(call), Case::lower); }},
      {"map", mapped},
      {"max", [](const Call& call) { return extreme(call, true); }},
      {"min", [](const Call& call) { return extreme(call, false); }},
      {"reject", [](const Call& call) { return selected(call, false, false); }},
      {"rejectattr", [](const Call& call) { return selected(call, true, false); }},
      {"replace", [](const Call& call) { return replaced(call, written(call)); }},
      {"reverse", reversed},
      {"safe", [](const Call& call) { return call.value; }},
      {"select", [](const Call& call) { return selected(call, false, true); }},
      {"selectattr", [](const Call& call) { return selected(call, true, true); }},
      {"sort", sorted},
      {"string", [](const Call& call) { return made_text(call, written(call)); }},
      {"sum", sum_of},
      {"title", titled},
      {"tojson", to_json},
      {"trim", [](const Call& call) { return stripped(call, written(call), true, true); }},
      {"unique", uniques},
      {"upper", [](const Call& call) { return in_case(call, written(call), Case::upper); }},
  };
  return kFilters;
}

}  // namespace

Value apply_filter(Context& context, const std::string& name, const Value& value,
                   const Arguments& arguments) {
  const auto found = filters().find(name == "d" ? "default" : name);
  if (found == filters().end()) {
    context.fail("the filter " + name + " is not supported; allowed: " + names_of(filters()));
  }
  charge_reading(context, value);
  if (context.filters == kDeepestFilters) context.fail("map is nested too deeply");
  ++context.filters;  // an exception ends the rendering
  Value result = found->second({context, "the filter " + name, arguments, value});
  --context.filters;
  return result;
}

}  // namespace lorafleet::model::jinja
