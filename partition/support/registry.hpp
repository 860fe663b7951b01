#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "partition/support/error.hpp"

namespace lorafleet {

/// The named implementations of one extension point. Each is an Entry that its own file makes: a
/// new one is a file and a line in the table.
///
/// An Entry has a `std::string name`; `std::vector<std::string> keys`, the keys of a scenario that
/// it reads and not all of its siblings do; and `make`, its factory, beside what else is to be
/// known of it without making one.
template <typename Entry>
class Registry {
 public:
  /// `key` is the scenario's key that names an entry, for messages.
  Registry(std::string key, std::vector<Entry> entries)
      : key_(std::move(key)), entries_(std::move(entries)) {}

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// nullptr where there is none of this name.
  [[nodiscard]] const Entry* find(std::string_view name) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == entries_.end() ? nullptr : &*found;
  }
  /// Throws InputError, with the names that are known, for any other.
  [[nodiscard]] const Entry& at(const std::string& name) const {
    if (const Entry* entry = find(name)) return *entry;
    throw InputError(key_, "\"" + name + "\" is not known; known: " + join(names()) +
                               did_you_mean_aside(nearest_name(name, names()), "\""));
  }
  /// What the factory of this name makes. Throws InputError for unknown names.
  template <typename... Arguments>
  [[nodiscard]] auto make(const std::string& name, const Arguments&... arguments) const {
    return at(name).make(arguments...);
  }

  [[nodiscard]] std::vector<std::string> names() const {
    return names_where([](const Entry&) { return true; });
  }
  template <typename Holds>
  [[nodiscard]] std::vector<std::string> names_where(Holds&& holds) const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) {
      if (holds(entry)) names.push_back(entry.name);
    }
    return names;
  }
  /// Whether the entry of this name, if there is one, reads `key`.
  [[nodiscard]] bool reads(std::string_view name, std::string_view key) const {
    const Entry* entry = find(name);
    return entry != nullptr && reads(*entry, key);
  }
  [[nodiscard]] std::vector<std::string> readers(std::string_view key) const {
    return names_where([&](const Entry& entry) { return reads(entry, key); });
  }

 private:
  static bool reads(const Entry& entry, std::string_view key) {
    return std::find(entry.keys.begin(), entry.keys.end(), key) != entry.keys.end();
  }

  std::string key_;
  std::vector<Entry> entries_;
};

/// An entry that is a value, of an enum for instance, and nothing else.
template <typename Value>
struct NamedValue {
  std::string name;
  Value value{};
};
/// What the names of a setting mean, where each is but a value.
template <typename Value>
using NamedValues = Registry<NamedValue<Value>>;

}  // namespace lorafleet
