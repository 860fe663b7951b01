#include "model/text/jinja/methods.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "model/text/jinja/call.hpp"
#include "model/text/jinja/operations.hpp"
#include "model/text/jinja/shared_calls.hpp"
#include "model/text/jinja/text.hpp"

namespace lorafleet::model::jinja {

namespace {

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

}  // namespace

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

}  // namespace lorafleet::model::jinja
