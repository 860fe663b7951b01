#include "model/text/jinja/filters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

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

Value sorted(const Call& call, bool unique) {
  const auto attribute = call.optional_text(unique ? 1 : 2, "attribute");
  List items = items_of(call.context, call.value);
  call.context.step(static_cast<std::int64_t>(items.size()) * 8);
  const auto key = [&](const Value& item) {
    return attribute ? attribute_of(call.context, item, *attribute) : item;
  };
  if (unique) {
    List kept;
    for (const Value& item : items) {
      const bool seen = std::any_of(kept.begin(), kept.end(), [&](const Value& other) {
        return equal(call.context, key(other), key(item));
      });
      if (!seen) kept.push_back(item);
    }
    return call.context.made(std::move(kept));
  }
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    return less(call.context, key(a), key(b));
  });
  if (call.flag(0, "reverse")) std::reverse(items.begin(), items.end());
  return call.context.made(std::move(items));
}

Value extreme(const Call& call, bool largest) {
  Value best;
  for (const Value& item : items_of(call.context, call.value)) {
    call.context.step();
    if (best.is_undefined() ||
        (largest ? less(call.context, best, item) : less(call.context, item, best))) {
      best = item;
    }
  }
  return best;
}

Value reversed(const Call& call) {
  List items = items_of(call.context, call.value);
  std::reverse(items.begin(), items.end());
  if (call.value.text() == nullptr) return call.context.made(std::move(items));
  return joined(call, items, {}, std::nullopt);
}

Value as_whole(const Call& call) {
  const Value& value = call.value;
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

Value to_json(const Call& call) {
  std::int64_t indent = -1;
  const Value* given = call.argument(0, "indent");
  for (const char* key : {"ensure_ascii", "separators"}) {
    for (const auto& [name, value] : call.arguments.named) {
      if (name == key && is_true(value)) call.fail(name + " is not supported");
    }
  }
  if (given != nullptr && !given->is_none()) indent = call.integer(0, "indent", -1);
  if (indent > 8) call.fail("indent is too large; allowed: up to 8");
  call.context.charge_all(call.value);
  for (std::int64_t i = 0; i < 6 * indent; ++i)  // blanks before each of up to 50 levels
    call.context.charge_all(call.value);
  const Value* sort = nullptr;
  for (const auto& [name, value] : call.arguments.named) {
    if (name == "sort_keys") sort = &value;
  }
  try {
    return made_text(
        call, json_of(call.value, static_cast<int>(indent), sort != nullptr && is_true(*sort)));
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

Value dict_sorted(const Call& call) {
  if (call.value.dict() == nullptr) call.fail("a mapping was expected, not " + kind_of(call.value));
  Dict dict = *call.value.dict();
  std::stable_sort(dict.begin(), dict.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return pairs_of(call, dict);
}

Value sum_of(const Call& call) {
  std::int64_t whole = 0;
  double real = 0.0;
  bool is_whole = true;
  for (const Value& item : items_of(call.context, call.value)) {
    call.context.step();
    std::int64_t number = 0;
    if (!item.is_number()) call.fail("only numbers can be added up");
    real += item.as_real();
    is_whole =
        is_whole && item.as_integer(number) && !__builtin_add_overflow(whole, number, &whole);
  }
  return is_whole ? Value(whole) : Value(real);
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
      {"sort", [](const Call& call) { return sorted(call, false); }},
      {"string", [](const Call& call) { return made_text(call, written(call)); }},
      {"sum", sum_of},
      {"title", [](const Call& call) { return in_case(call, written(call), Case::title); }},
      {"tojson", to_json},
      {"trim", [](const Call& call) { return stripped(call, written(call), true, true); }},
      {"unique", [](const Call& call) { return sorted(call, true); }},
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
