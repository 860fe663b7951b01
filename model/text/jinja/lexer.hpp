#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model::jinja {

enum class TokenKind {
  data,
  block_begin,
  block_end,
  print_begin,
  print_end,
  name,
  text,
  integer,
  real,
  symbol,
  end
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  ///< of data, names, symbols; of strings without quotes and escapes
  std::int64_t integer = 0;
  double real = 0.0;
  int line = 1;
};

/// Cuts a template into tokens as Jinja2 does with trim_blocks and lstrip_blocks: the newline after
/// a block or comment goes, and blanks before it on its line; "-" takes all white space, "+" none;
/// one newline at the end of the template goes. `{% raw %}` is data already. Throws InputError that
/// begins with `place` and the line.
std::vector<Token> tokenize(std::string_view source, const std::string& place);

/// "place:line".
[[noreturn]] void fail_at(const std::string& place, int line, const std::string& what);

}  // namespace lorafleet::model::jinja
