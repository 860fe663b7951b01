#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// A regular expression for the end of a module's name, as in PEFT's rank_pattern: all of the name,
/// or all after one of its dots. Nesting, size and work are bounded, whatever the file says.
class ModulePattern {
 public:
  /// Throws InputError that begins with `place`.
  ModulePattern(const std::string& pattern, std::string place);
  ~ModulePattern();
  ModulePattern(ModulePattern&&) noexcept;
  ModulePattern& operator=(ModulePattern&&) noexcept;

  /// Throws InputError where finding out takes too much work.
  [[nodiscard]] bool matches(std::string_view module) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
  std::string place_;
};

}  // namespace lorafleet::model
