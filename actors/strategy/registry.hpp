#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "partition/support/error.hpp"

namespace lorafleet::strategy {

/// The named implementations of one extension point: a new one is a factory and a line in its
/// table.
template <typename Interface, typename... Arguments>
class Registry {
 public:
  using Factory = std::function<std::unique_ptr<Interface>(const Arguments&...)>;

  /// `key` is the scenario's key, for messages.
  Registry(std::string key, std::vector<std::pair<std::string, Factory>> entries)
      : key_(std::move(key)), entries_(std::move(entries)) {}

  /// Throws InputError, with the names that are known, for any other.
  [[nodiscard]] std::unique_ptr<Interface> make(const std::string& name,
                                                const Arguments&... arguments) const {
    for (const auto& [known, factory] : entries_) {
      if (known == name) return factory(arguments...);
    }
    const std::string near = nearest_name(name, names());
    throw InputError(key_, "\"" + name + "\" is not known; known: " + join(names()) +
                               (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : entries_)
      all.push_back(entry.first);
    return all;
  }

 private:
  std::string key_;
  std::vector<std::pair<std::string, Factory>> entries_;
};

}  // namespace lorafleet::strategy
