#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace lorafleet::partition {

/// Calls `element(text, line)` for each element of the array that `text` is, or, with a `key`, of
/// the array under that key of the object that `text` is; `line`, from 1, is where it begins. Only
/// one element at a time is looked at, so that large files need little memory beside their text.
/// Throws InputError, naming `file`, where `text` has another form; what is inside an element is
/// the caller's to check.
void for_each_element(std::string_view text, const std::string& key, const std::string& file,
                      const std::function<void(std::string_view text, std::size_t line)>& element);

/// Whether the object that `text` begins with has an array under `key`, as far as `text`, which may
/// be cut off, goes.
bool begins_with_array(std::string_view text, const std::string& key);

}  // namespace lorafleet::partition
