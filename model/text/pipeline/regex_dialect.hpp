#pragma once

#include <string>
#include <string_view>

namespace lorafleet::model {

/// A regular expression as tokenizer.json has it (Oniguruma's, with Ruby's syntax) in PCRE2's
/// language, to be compiled with PCRE2_UTF and PCRE2_MULTILINE. They differ in what \s, \w, \d and
/// \v are, and in that "{1,3}+" is no possessive quantifier. What would be read in another way and
/// is not translated (nested classes, &&, \b, named groups, …) is refused: InputError at `place`.
std::string pcre2_from_oniguruma(std::string_view pattern, const std::string& place);

}  // namespace lorafleet::model
