#define PCRE2_CODE_UNIT_WIDTH 8

#include "model/text/pipeline/regex.hpp"

#include <pcre2.h>

#include <new>
#include <utility>

#include "model/text/pipeline/regex_dialect.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

namespace {

struct Free {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

std::string message_of(int code) {
  PCRE2_UCHAR message[128];
  pcre2_get_error_message(code, message, sizeof message);
  return reinterpret_cast<const char*>(message);
}

/// One for each thread: where the match stands, of any pattern.
pcre2_match_data* match_data() {
  thread_local const std::unique_ptr<pcre2_match_data, Free> data(
      pcre2_match_data_create(1, nullptr));
  if (data == nullptr) throw std::bad_alloc();
  return data.get();
}

}  // namespace

struct Regex::Compiled {
  Compiled(std::string_view text, std::string where) : pattern(text), place(std::move(where)) {
    const std::string expression = pcre2_from_oniguruma(pattern, place);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                         PCRE2_UTF | PCRE2_MULTILINE, &error, &offset, nullptr);
    if (code == nullptr) {
      throw InputError(
          place, "the regular expression \"" + pattern + "\" is not one: " + message_of(error));
    }
    has_jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;  // else matching interprets
  }
  ~Compiled() { pcre2_code_free(code); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  std::string pattern;
  std::string place;
  pcre2_code* code = nullptr;
  bool has_jit = false;
};

Regex::Regex(std::string_view pattern, const std::string& place)
    : compiled_(std::make_unique<Compiled>(pattern, place)) {}

Regex::~Regex() = default;

std::optional<TextSpan> Regex::find(std::string_view text, std::size_t from) const {
  pcre2_match_data* const match = match_data();
  const auto* const subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int code = PCRE2_ERROR_JIT_STACKLIMIT;
  if (compiled_->has_jit) {
    code = pcre2_jit_match(compiled_->code, subject, text.size(), from, 0, match, nullptr);
  }
  if (code == PCRE2_ERROR_JIT_STACKLIMIT) {
    code = pcre2_match(compiled_->code, subject, text.size(), from,
                       PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, nullptr);
  }
  if (code == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (code < 0) {
    throw InputError(compiled_->place, "the regular expression \"" + compiled_->pattern +
                                           "\" fails on a text: " + message_of(code));
  }
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match);
  return TextSpan{bounds[0], bounds[1]};
}

}  // namespace lorafleet::model
