#define PCRE2_CODE_UNIT_WIDTH 8

#include "model/adapter/module_pattern.hpp"

#include <pcre2.h>

#include <new>

#include "partition/support/error.hpp"
#include "partition/support/release.hpp"

namespace lorafleet::model {

namespace {

constexpr std::size_t kLongest = 1000;
constexpr std::uint32_t kMostSteps = 100'000;

template <typename T, auto release>
using Owner = std::unique_ptr<T, Release<release>>;

}  // namespace

struct ModulePattern::Code {
  Owner<pcre2_code, pcre2_code_free> compiled;
  Owner<pcre2_match_context, pcre2_match_context_free> limits;
};

ModulePattern::ModulePattern(const std::string& pattern, std::string place, Extent extent)
    : code_(std::make_unique<Code>()), place_(std::move(place)) {
  if (pattern.size() > kLongest) {
    throw InputError(place_, "a pattern has at most " + std::to_string(kLongest) + " bytes");
  }
  const std::string expression =
      (extent == Extent::end ? "(?:.*\\.)?" : "") + ("(?:" + pattern + ")");
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_->compiled.reset(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
      PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr));
  if (code_->compiled == nullptr) throw InputError(place_, "is not a regular expression");
  code_->limits.reset(pcre2_match_context_create(nullptr));
  if (code_->limits == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(code_->limits.get(), kMostSteps);
}

ModulePattern::~ModulePattern() = default;
ModulePattern::ModulePattern(ModulePattern&&) noexcept = default;
ModulePattern& ModulePattern::operator=(ModulePattern&&) noexcept = default;

bool ModulePattern::matches(std::string_view module) const {
  const Owner<pcre2_match_data, pcre2_match_data_free> match(pcre2_match_data_create(1, nullptr));
  if (match == nullptr) throw std::bad_alloc();
  const int code = pcre2_match(code_->compiled.get(), reinterpret_cast<PCRE2_SPTR>(module.data()),
                               module.size(), 0, 0, match.get(), code_->limits.get());
  if (code < 0 && code != PCRE2_ERROR_NOMATCH) {
    throw InputError(place_, "is a pattern that takes too long to match");
  }
  return code >= 0;
}

}  // namespace lorafleet::model
