#define PCRE2_CODE_UNIT_WIDTH 8

#include "model/text/pretokenizer.hpp"

#include <pcre2.h>

#include <stdexcept>
#include <string>

namespace lorafleet::model {

namespace {

/// White_Space spelled out: PCRE2's own \s also takes U+180E, which lost the property in
/// Unicode 6.3.
const std::string kSpace =
    "\\x{09}-\\x{0d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
    "\\x{205f}\\x{3000}";

[[noreturn]] void fail(const char* action, int code) {
  PCRE2_UCHAR message[128];
  pcre2_get_error_message(code, message, sizeof message);
  throw std::runtime_error(std::string("cannot ") + action + ": " +
                           reinterpret_cast<const char*>(message));
}

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

}  // namespace

struct Pretokenizer::Pattern {
  ~Pattern() { pcre2_code_free(code); }
  pcre2_code* code = nullptr;
};

Pretokenizer::Pretokenizer() : pattern_(std::make_unique<Pattern>()) {
  const std::string expression = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" + kSpace +
                                 "\\p{L}\\p{N}]+|[" + kSpace + "]+(?![^" + kSpace + "])|[" +
                                 kSpace + "]+";
  int error = 0;
  PCRE2_SIZE offset = 0;
  pattern_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                                 PCRE2_UTF | PCRE2_ANCHORED, &error, &offset, nullptr);
  if (pattern_->code == nullptr) fail("compile the tokenizer's pattern", error);
  pcre2_jit_compile(pattern_->code, PCRE2_JIT_COMPLETE);  // where it fails, matching interprets
}

Pretokenizer::~Pretokenizer() = default;

void Pretokenizer::split(std::string_view text,
                         const std::function<void(std::string_view)>& piece) const {
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
  if (match == nullptr) throw std::bad_alloc();
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
  for (std::size_t position = 0; position < text.size(); position = bounds[1]) {
    const int code = pcre2_match(pattern_->code, reinterpret_cast<PCRE2_SPTR>(text.data()),
                                 text.size(), position, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (code < 0) fail("cut text into words", code);
    piece(text.substr(position, bounds[1] - position));
  }
}

}  // namespace lorafleet::model
