#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "partition/examples/example.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// The example's attribute `name`, or "" where it has none. "target" is the target itself, unless
/// the data have an attribute of that name.
std::string_view attribute_value(const Example& example, const std::string& name);

/// The attributes that at least one of these examples has, sorted; "target" is always among them.
std::vector<std::string> attribute_names(const std::vector<Example>& examples,
                                         const Indices& indices);

/// A skew or an evaluation asks for an attribute that no example has.
class NoSuchAttribute : public InputError {
 public:
  NoSuchAttribute(std::string_view place, std::string_view what, std::string name)
      : InputError(place, what), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// Throws NoSuchAttribute at `place` where none of these examples has the attribute, with the
/// nearest name and those that there are.
void require_attribute(const std::string& name, std::string_view place,
                       const std::vector<Example>& examples, const Indices& indices);

/// What a row has by `grouping`: its group, the unit of the split, for "group"; else the attribute
/// of this name.
std::string_view grouping_value(const Example& example, const std::string& grouping);

/// require_attribute, unless `grouping` is "group", which every row has.
void require_grouping(const std::string& grouping, std::string_view place,
                      const std::vector<Example>& examples, const Indices& indices);

}  // namespace lorafleet::partition
