#pragma once

#include <optional>
#include <string>
#include <vector>

#include "partition/examples/example.hpp"

namespace lorafleet::partition {

/// A boolean as JSON, pandas and sheets write it: true, False, TRUE, ...
std::optional<bool> truth_of(const std::string& text);

/// The choice that a target may have been meant to be, for messages: the same but for case, or one
/// that is near; "": there is none.
std::string nearest_choice(const std::string& target, const std::vector<std::string>& choices);

/// What is wrong with the choices of an example: the target is not among them, one is empty or
/// there twice. Empty: nothing, or it has none. `labels` are those that check_labels has passed.
std::string wrong_with_choices(const Example& example, const std::vector<std::string>& labels);

/// [data] labels: a target that is a whole number N (also "N.0") becomes the N-th of `labels`, from
/// 0, false the first and true the second of two (also True, FALSE and the like); the choices
/// become `labels` where the row has none of its own. Nothing happens without labels. Throws BadRow
/// for a target that is neither a number of a label nor a label.
void apply_labels(Example& example, const std::vector<std::string>& labels);

/// Throws InputError for labels that are empty, equal, fewer than two, or look like numbers.
void check_labels(const std::vector<std::string>& labels);

}  // namespace lorafleet::partition
