#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// A regular expression for a module's name. Nesting, size and work are bounded, whatever the file
/// says.
class ModulePattern {
 public:
  enum class Extent {
    end,   ///< all of the name, or all after one of its dots: PEFT's rank_pattern
    whole  ///< all of the name: PEFT's target_modules
  };
  /// Throws InputError that begins with `place`.
  ModulePattern(const std::string& pattern, std::string place, Extent extent = Extent::end);
  ~ModulePattern();
  ModulePattern(ModulePattern&&) noexcept;
  ModulePattern& operator=(ModulePattern&&) noexcept;

  /// Throws InputError where finding out takes too much work.
  [[nodiscard]] bool matches(std::string_view module) const;
  /// Where it was read, with the pattern itself.
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  struct Code;
  std::unique_ptr<Code> code_;
  std::string place_;
};

}  // namespace lorafleet::model
