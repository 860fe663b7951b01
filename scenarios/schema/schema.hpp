#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "partition/support/limits.hpp"
#include "scenarios/schema/scenario.hpp"

namespace lorafleet::scenarios {

class Table;

/// A member that is a table of its own ([lora], staleness).
struct TableMember {
  void* object;
};

/// A member that is a std::vector of structs ([[partition.skew]]), with its type erased.
struct ListMember {
  void* list;
  std::size_t (*size)(const void* list);
  void* (*at)(void* list, std::size_t index);
  void (*resize)(void* list, std::size_t size);
};

/// The struct member that a field is bound to. All that the schema serves (reading, writing,
/// defaults, comparing, documenting) goes through this one view.
using Member = std::variant<bool*, std::int64_t*, std::uint64_t*, double*, std::string*,
                            std::filesystem::path*, std::vector<std::string>*, std::vector<double>*,
                            sim::Distribution*, std::vector<Expectation>*, TableMember, ListMember>;

/// "integer", "array of strings", ...
std::string type_name(const Member& member);

enum class PathKind { any, file, folder };

/// When a field has an effect: asked of the struct that holds it and of the whole run.
struct Condition {
  std::string text;  ///< "aggregation.mode is \"sync\""
  std::function<bool(const void* owner, const actors::FederationConfig& run)> holds;
};

/// One key of a scenario: everything that is known about it.
struct Field {
  std::string key;
  std::string type;  ///< "integer", "array of strings", ...: for messages and the reference
  std::string doc;
  std::string unit;
  Limits limits;  ///< of a number, of each number of a list, of what a distribution draws
  std::vector<std::string> names;  ///< allowed strings; empty: any
  PathKind path_kind = PathKind::any;
  std::vector<std::string> words;        ///< that may stand in place of a path
  std::string made_by;                   ///< what makes one where a path leads nowhere
  std::optional<double> default_median;  ///< of a lognormal that gives none
  bool required = false;
  std::optional<Condition> condition;
  std::string replaced_by;             ///< a sibling that makes this one idle when it is set
  std::shared_ptr<const Table> table;  ///< of TableMember, and of each element of ListMember
  std::function<Member(void* owner)> bind;

  [[nodiscard]] Member in(void* owner) const { return bind(owner); }
  /// For reading only.
  [[nodiscard]] Member in(const void* owner) const { return bind(const_cast<void*>(owner)); }
  /// Whether it stands in place of a path.
  [[nodiscard]] bool is_word(const std::string& text) const;
  /// What a user may write here, for "allowed: ..."; empty where nothing is said.
  [[nodiscard]] std::string allowed() const;
};

/// The keys of one table, in the order in which they are written and documented.
class Table {
 public:
  explicit Table(std::shared_ptr<const void> defaults) : defaults_(std::move(defaults)) {}

  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  [[nodiscard]] const Field* find(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys() const;
  /// A default-constructed struct of the kind that this table describes.
  [[nodiscard]] const void* defaults() const { return defaults_.get(); }

  Field& append(Field field);
  /// From now on `key`, which must exist, has an effect only where `condition` holds too.
  void restrict(std::string_view key, const Condition& condition);

 private:
  std::shared_ptr<const void> defaults_;
  std::vector<Field> fields_;
};

/// Whether `field` has an effect in `owner`: its condition holds and no sibling replaces it.
bool active(const Table& table, const Field& field, const void* owner,
            const actors::FederationConfig& run);

/// Whether a member holds something: a number other than 0, a text, path or list that is not empty.
bool is_set(const Member& member);

/// Gives every field of `owner` that has no effect its default value.
void reset_idle(const Table& table, void* owner, const actors::FederationConfig& run);

/// The whole scenario: every section and key that exists. Bound to Scenario.
const Table& schema();

}  // namespace lorafleet::scenarios
