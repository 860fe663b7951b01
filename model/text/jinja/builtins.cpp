#include "model/text/jinja/builtins.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>

#include "model/text/jinja/lexer.hpp"
#include "model/text/jinja/refusal.hpp"
#include "model/text/jinja/text.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model::jinja {

namespace {

constexpr int kDeepestFilters = 50;

/// One call: what it was given, and messages about it.
class Call {
 public:
  Call(Context& context, std::string what, const Arguments& arguments, const Value& value)
      : context(context), what(std::move(what)), arguments(arguments), value(value) {}

  [[noreturn]] void fail(const std::string& reason) const { context.fail(what + ": " + reason); }

  /// The argument at `place` or called `name`; nullptr where it is not given.
  [[nodiscard]] const Value* argument(std::size_t place, std::string_view name) const {
    if (place < arguments.positional.size()) return &arguments.positional[place];
    for (const auto& [key, given] : arguments.named) {
      if (key == name) return &given;
    }
    return nullptr;
  }
  [[nodiscard]] const Value& needed(std::size_t place, std::string_view name) const {
    const Value* given = argument(place, name);
    if (given == nullptr) fail("the argument \"" + std::string(name) + "\" is missing");
    return *given;
  }
  [[nodiscard]] const MarkedText& text(std::size_t place, std::string_view name) const {
    const Value& given = needed(place, name);
    if (given.text() == nullptr) {
      fail("the argument \"" + std::string(name) + "\" must be a string, not " + kind_of(given));
    }
    return *given.text();
  }
  /// Nothing where it is not given or none.
  [[nodiscard]] std::optional<std::string_view> optional_text(std::size_t place,
                                                              std::string_view name) const {
    const Value* given = argument(place, name);
    if (given == nullptr || given->is_none()) return std::nullopt;
    if (given->text() == nullptr) {
      fail("the argument \"" + std::string(name) + "\" must be a string, not " + kind_of(*given));
    }
    return given->text()->view();
  }
  [[nodiscard]] std::int64_t integer(std::size_t place, std::string_view name,
                                     std::int64_t otherwise) const {
    const Value* given = argument(place, name);
    if (given == nullptr) return otherwise;
    std::int64_t number = 0;
    if (!given->as_integer(number)) {
      fail("the argument \"" + std::string(name) + "\" must be an integer, not " + kind_of(*given));
    }
    return number;
  }
  [[nodiscard]] bool flag(std::size_t place, std::string_view name) const {
    const Value* given = argument(place, name);
    return given != nullptr && is_true(*given);
  }

  Context& context;
  std::string what;
  const Arguments& arguments;
  const Value& value;
};

void charge_reading(Context& context, const Value& value) {
  if (value.text()) context.step(static_cast<std::int64_t>(value.text()->size() / 256));
}

void charge_comparison(Context& context, const MarkedText& a, const MarkedText& b) {
  context.step(static_cast<std::int64_t>(std::min(a.size(), b.size()) / 256));
}

Value made_text(const Call& call, MarkedText text) {
  return call.context.made(std::move(text));
}

Value made_parts(const Call& call, std::vector<MarkedText> parts) {
  List list;
  for (MarkedText& part : parts)
    list.push_back(call.context.made(std::move(part)));
  return call.context.made(std::move(list));
}

/// What cutting the text makes, before it is made.
void charge_cuts(const Call& call, const MarkedText& text,
                 const std::optional<std::string_view>& separator) {
  if (separator) call.context.charge_search(text.size(), separator->size());
  call.context.charge(128 * count_cuts(text.view(), separator));
}

Value replaced(const Call& call, const MarkedText& text) {
  const MarkedText& old = call.text(0, "old");
  charge_cuts(call, text, old.view());
  const MarkedText& fresh = call.text(1, "new");
  const auto cost = fresh.size() + sizeof(MarkedText::Run) * fresh.runs().size();
  for (std::size_t cuts = count_cuts(text.view(), old.view()); cuts > 0; --cuts)
    call.context.charge(cost);
  return made_text(call, replace(text, old.view(), fresh, call.integer(2, "count", -1)));
}

/// The value as a text, of lists and dicts as Python writes them.
MarkedText written(Context& context, const Value& value) {
  if (value.list() || value.dict()) context.charge_all(value);
  return text_of(value);
}

MarkedText written(const Call& call) {
  return written(call.context, call.value);
}

Value in_case(const Call& call, const MarkedText& text, Case to) {
  auto changed = change_case(text, to);
  if (!changed) call.fail("letters beyond ASCII are not supported");
  return made_text(call, std::move(*changed));
}

Value stripped(const Call& call, const MarkedText& text, bool left, bool right) {
  const auto characters = call.optional_text(0, "chars");
  if (characters) call.context.charge_search(text.size(), characters->size());
  return made_text(call, strip(text, left, right, characters));
}

Value length_of(const Call& call) {
  const Value& value = call.value;
  if (value.is_undefined()) return Value(std::int64_t{0});
  if (const auto* text = value.text())
    return Value(static_cast<std::int64_t>(length(text->view())));
  if (const auto* list = value.list()) return Value(static_cast<std::int64_t>(list->size()));
  if (const auto* dict = value.dict()) return Value(static_cast<std::int64_t>(dict->size()));
  call.fail(kind_of(value) + " has no length");
}

/// `item.a.b` for "a.b".
Value attribute_of(Context& context, const Value& item, std::string_view path) {
  Value value = item;
  for (;;) {
    const auto dot = path.find('.');
    value = member(context, value, std::string(path.substr(0, dot)));
    if (dot == path.npos) return value;
    path.remove_prefix(dot + 1);
  }
}

Value joined(const Call& call, const List& items, const MarkedText& separator,
             const std::optional<std::string_view>& attribute) {
  MarkedText result;
  bool first = true;
  for (const Value& item : items) {
    const MarkedText text =
        written(call.context, attribute ? attribute_of(call.context, item, *attribute) : item);
    call.context.charge(separator);
    call.context.charge(text);
    if (!first) result.append(separator);
    first = false;
    result.append(text);
  }
  return Value(std::move(result));
}

Value pairs_of(const Call& call, const Dict& dict) {
  List pairs;
  for (const auto& [key, item] : dict) {
    call.context.charge(key.size());
    pairs.push_back(Value(List{Value(key), item}));
  }
  return call.context.made(std::move(pairs));
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

template <typename Table>
std::string names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& entry : table)
    names.push_back(entry.first);
  return join(names);
}

using TestFunction = bool (*)(const Call&);

bool whole_is(const Call& call, bool (*holds)(std::int64_t, std::int64_t)) {
  std::int64_t number = 0;
  if (!call.value.as_integer(number))
    call.fail("an integer was expected, not " + kind_of(call.value));
  return holds(number, call.integer(0, "num", 2));
}

bool equals(const Call& call) {
  return equal(call.context, call.value, call.needed(0, "other"));
}

const std::map<std::string, TestFunction, std::less<>>& tests() {
  static const std::map<std::string, TestFunction, std::less<>> kTests = {
      {"==", equals},
      {"boolean", [](const Call& call) { return call.value.boolean() != nullptr; }},
      {"callable", [](const Call& call) { return call.value.function() != nullptr; }},
      {"defined", [](const Call& call) { return !call.value.is_undefined(); }},
      {"divisibleby",
       [](const Call& call) {
         return whole_is(call, [](std::int64_t a, std::int64_t b) {
           return b != 0 && (b == -1 || a % b == 0);
         });
       }},
      {"eq", equals},
      {"equalto", equals},
      {"even",
       [](const Call& call) {
         return whole_is(call, [](std::int64_t a, std::int64_t) { return a % 2 == 0; });
       }},
      {"false", [](const Call& call) { return call.value.boolean() && !*call.value.boolean(); }},
      {"float", [](const Call& call) { return call.value.real() != nullptr; }},
      {"ge",
       [](const Call& call) { return !less(call.context, call.value, call.needed(0, "other")); }},
      {"gt",
       [](const Call& call) { return less(call.context, call.needed(0, "other"), call.value); }},
      {"in",
       [](const Call& call) { return contains(call.context, call.needed(0, "seq"), call.value); }},
      {"integer", [](const Call& call) { return call.value.integer() != nullptr; }},
      {"iterable",
       [](const Call& call) {
         return call.value.is_undefined() || call.value.text() || call.value.list() ||
                call.value.dict();
       }},
      {"le",
       [](const Call& call) { return !less(call.context, call.needed(0, "other"), call.value); }},
      {"lt",
       [](const Call& call) { return less(call.context, call.value, call.needed(0, "other")); }},
      {"mapping", [](const Call& call) { return call.value.dict() != nullptr; }},
      {"ne", [](const Call& call) { return !equals(call); }},
      {"none", [](const Call& call) { return call.value.is_none(); }},
      {"number", [](const Call& call) { return call.value.is_number(); }},
      {"odd",
       [](const Call& call) {
         return whole_is(call, [](std::int64_t a, std::int64_t) { return a % 2 != 0; });
       }},
      {"sameas",
       [](const Call& call) {
         const Value& other = call.needed(0, "other");
         if (call.value.boolean() || other.boolean()) {
           return call.value.boolean() && other.boolean() &&
                  *call.value.boolean() == *other.boolean();
         }
         return equals(call);
       }},
      {"sequence",
       [](const Call& call) {
         return call.value.is_undefined() || call.value.text() || call.value.list() ||
                call.value.dict();
       }},
      {"string", [](const Call& call) { return call.value.text() != nullptr; }},
      {"true", [](const Call& call) { return call.value.boolean() && *call.value.boolean(); }},
      {"undefined", [](const Call& call) { return call.value.is_undefined(); }},
  };
  return kTests;
}

using MethodFunction = Value (*)(const Call&, const MarkedText&);

bool starts_or_ends(const Call& call, const MarkedText& text, bool starts) {
  const auto fits = [&](const Value& item) {
    if (item.text() == nullptr) call.fail("a string was expected, not " + kind_of(item));
    call.context.step();
    charge_comparison(call.context, text, *item.text());
    return starts ? text.view().starts_with(item.text()->view())
                  : text.view().ends_with(item.text()->view());
  };
  const Value& given = call.needed(0, "prefix");
  if (given.list() == nullptr) return fits(given);
  return std::any_of(given.list()->begin(), given.list()->end(), fits);
}

Value split_method(const Call& call, const MarkedText& text, bool from_right) {
  const auto separator = call.optional_text(0, "sep");
  if (separator && separator->empty()) call.fail("the separator is empty");
  const auto most = call.integer(1, "maxsplit", -1);
  charge_cuts(call, text, separator);
  if (!separator && from_right && most >= 0) call.fail("maxsplit needs a separator");
  return made_parts(call, split(text, separator, most, from_right));
}

/// The text to look for, charged.
std::string_view wanted_in(const Call& call, const MarkedText& text) {
  const std::string_view wanted = call.text(0, "sub").view();
  call.context.charge_search(text.size(), wanted.size());
  return wanted;
}

Value place_of(const MarkedText& text, std::size_t byte) {
  if (byte == std::string::npos) return Value(std::int64_t{-1});
  return Value(static_cast<std::int64_t>(length(text.view().substr(0, byte))));
}

const std::map<std::string, MethodFunction, std::less<>>& text_methods() {
  static const std::map<std::string, MethodFunction, std::less<>> kMethods = {
      {"capitalize", [](const Call& call,
                        const MarkedText& text) { return in_case(call, text, Case::capitalize); }},
      {"count",
       [](const Call& call, const MarkedText& text) {
         const std::string_view wanted = wanted_in(call, text);
         if (wanted.empty()) call.fail("an empty text cannot be counted");
         return Value(static_cast<std::int64_t>(count_cuts(text.view(), wanted)));
       }},
      {"endswith", [](const Call& call,
                      const MarkedText& text) { return Value(starts_or_ends(call, text, false)); }},
      {"find",
       [](const Call& call, const MarkedText& text) {
         return place_of(text, text.view().find(wanted_in(call, text)));
       }},
      {"isdigit",
       [](const Call&, const MarkedText& text) {
         return Value(!text.empty() && std::all_of(text.str().begin(), text.str().end(),
                                                   [](char c) { return c >= '0' && c <= '9'; }));
       }},
      {"join",
       [](const Call& call, const MarkedText& text) {
         return joined(call, items_of(call.context, call.needed(0, "iterable")), text,
                       std::nullopt);
       }},
      {"lower",
       [](const Call& call, const MarkedText& text) { return in_case(call, text, Case::lower); }},
      {"lstrip",
       [](const Call& call, const MarkedText& text) { return stripped(call, text, true, false); }},
      {"removeprefix",
       [](const Call& call, const MarkedText& text) {
         const MarkedText& gone = call.text(0, "prefix");
         return made_text(call, text.view().starts_with(gone.view())
                                    ? text.part(gone.size(), text.size())
                                    : text);
       }},
      {"removesuffix",
       [](const Call& call, const MarkedText& text) {
         const MarkedText& gone = call.text(0, "suffix");
         return made_text(call, text.view().ends_with(gone.view())
                                    ? text.part(0, text.size() - gone.size())
                                    : text);
       }},
      {"replace", [](const Call& call, const MarkedText& text) { return replaced(call, text); }},
      {"rfind",
       [](const Call& call, const MarkedText& text) {
         return place_of(text, text.view().rfind(wanted_in(call, text)));
       }},
      {"rsplit",
       [](const Call& call, const MarkedText& text) { return split_method(call, text, true); }},
      {"rstrip",
       [](const Call& call, const MarkedText& text) { return stripped(call, text, false, true); }},
      {"split",
       [](const Call& call, const MarkedText& text) { return split_method(call, text, false); }},
      {"startswith",
       [](const Call& call, const MarkedText& text) {
         return Value(starts_or_ends(call, text, true));
       }},
      {"strip",
       [](const Call& call, const MarkedText& text) { return stripped(call, text, true, true); }},
      {"title",
       [](const Call& call, const MarkedText& text) { return in_case(call, text, Case::title); }},
      {"upper",
       [](const Call& call, const MarkedText& text) { return in_case(call, text, Case::upper); }},
  };
  return kMethods;
}

Value dict_method(const Call& call, const Dict& dict, const std::string& name) {
  if (name == "items") return pairs_of(call, dict);
  if (name == "get") {
    const Value& key = call.needed(0, "key");
    if (key.text()) {
      call.context.charge_find(dict, key.text()->view());
      if (const Value* found = find(dict, key.text()->view())) return *found;
    }
    const Value* otherwise = call.argument(1, "default");
    return otherwise == nullptr ? Value(None{}) : *otherwise;
  }
  List list;
  for (const auto& [key, item] : dict) {
    if (name == "keys") call.context.charge(key.size());
    list.push_back(name == "keys" ? Value(key) : item);
  }
  return call.context.made(std::move(list));
}

Value range_of(const Call& call) {
  const bool one = call.arguments.positional.size() < 2;
  const std::int64_t first = one ? 0 : call.integer(0, "start", 0);
  const std::int64_t last = call.integer(one ? 0 : 1, "stop", 0);
  const std::int64_t by = call.integer(2, "step", 1);
  if (by == 0) call.fail("the step is 0");
  if (by == INT64_MIN) call.fail("the step is too large");
  List list;
  for (std::int64_t i = first; by > 0 ? i < last : i > last;) {
    call.context.charge(std::size_t{64});
    list.push_back(Value(i));
    if (__builtin_add_overflow(i, by, &i)) break;
  }
  return call.context.made(std::move(list));
}

/// Time stands still at the day that Llama 3.1's template falls back to, so that a run's tokens do
/// not depend on when it is made.
Value fixed_time(const Call& call) {
  static const std::map<char, std::string> kParts = {
      {'d', "26"},  {'e', "26"},         {'m', "07"},      {'y', "24"},     {'Y', "2024"},
      {'b', "Jul"}, {'B', "July"},       {'a', "Fri"},     {'A', "Friday"}, {'H', "00"},
      {'I', "12"},  {'M', "00"},         {'S', "00"},      {'p', "AM"},     {'j', "208"},
      {'%', "%"},   {'F', "2024-07-26"}, {'T', "00:00:00"}};
  const std::string format = call.text(0, "format").str();
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    ++i;
    const bool bare = i < format.size() && format[i] == '-';
    if (bare) ++i;
    const auto part = kParts.find(i < format.size() ? format[i] : '\0');
    if (part == kParts.end()) call.fail("the format " + format + " is not supported");
    text += bare && part->second.front() == '0' ? part->second.substr(1) : part->second;
  }
  return Value(std::move(text));
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

bool apply_test(Context& context, const std::string& name, const Value& value,
                const Arguments& arguments) {
  const auto found = tests().find(name);
  if (found == tests().end()) {
    context.fail("the test " + name + " is not supported; allowed: " + names_of(tests()));
  }
  return found->second({context, "the test " + name, arguments, value});
}

bool has_method(const Value& value, const std::string& name) {
  if (value.text()) return text_methods().contains(name);
  return value.dict() && (name == "items" || name == "get" || name == "keys" || name == "values");
}

Value call_method(Context& context, const Value& value, const std::string& name,
                  const Arguments& arguments) {
  charge_reading(context, value);
  const Call call(context, name + "()", arguments, value);
  if (const auto* text = value.text()) {
    const auto found = text_methods().find(name);
    if (found == text_methods().end()) {
      context.fail("the method " + name +
                   " of strings is not supported; allowed: " + names_of(text_methods()));
    }
    return found->second(call, *text);
  }
  if (!has_method(value, name)) {
    context.fail(kind_of(value) + " has no method " + name + " that is supported");
  }
  return dict_method(call, *value.dict(), name);
}

Dict global_functions(Context& context) {
  const auto function = [&context](const char* name, Value (*body)(const Call&)) {
    return std::pair(std::string(name), Value(Function([&context, name, body](const Arguments& a) {
                       return body({context, std::string(name) + "()", a, Value()});
                     })));
  };
  return {
      function("range", range_of),
      function("strftime_now", fixed_time),
      function("raise_exception",
               [](const Call& call) -> Value {
                 const Value* message = call.argument(0, "message");
                 throw Refusal(
                     at_line(call.context.place(), static_cast<std::size_t>(call.context.line())),
                     message == nullptr ? "refused" : written(call.context, *message).str());
               }),
      function("namespace",
               [](const Call& call) {
                 auto space = std::make_shared<Namespace>();
                 for (const auto& [name, value] : call.arguments.named) {
                   call.context.refuse_space(value);
                   space->values[name] = value;
                 }
                 for (const Value& given : call.arguments.positional) {
                   if (given.dict() == nullptr) call.fail("a mapping was expected");
                   call.context.refuse_space(given);
                   for (const auto& [name, value] : *given.dict())
                     space->values.emplace(name, value);
                 }
                 return Value(std::move(space));
               }),
      function("dict",
               [](const Call& call) {
                 Dict dict;
                 if (!call.arguments.positional.empty()) {
                   const auto* given = call.arguments.positional[0].dict();
                   if (given == nullptr) call.fail("a mapping was expected");
                   dict = *given;
                 }
                 for (const auto& [name, value] : call.arguments.named) {
                   call.context.charge_find(dict, name);
                   std::erase_if(dict, [&key = name](const auto& e) { return e.first == key; });
                   dict.emplace_back(name, value);
                 }
                 return call.context.made(std::move(dict));
               }),
  };
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
